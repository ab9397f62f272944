"""What holds for every review and every score: drawn by hundreds here, by ten thousands if slow."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.controls import GENERIC
from grader.keyring import Keyring
from grader.marking import mark
from grader.match.corpus import load
from grader.match.match import match_all
from grader.records.submission import Comment, Submission
from grader.score.rubric import load_rubric

ROOT = Path(__file__).parents[2]
RING = Keyring(ROOT / "answer_keys")
KEYS = ["648grnmqwz", "q9hjs7jvm2", "8sn78mnfek"]
SAID = [r.text for r in load()][::9]
DENIALS = ["This is fine.", "No leakage here.", "There is no problem with this line."]


def settled(count):
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=count, deadline=None, suppress_health_check=checks)


def twice(check, *drawn):
    """Return a claim tried on 200 drawn examples, and the same on 10,000."""
    few, many = (settled(count)(given(*drawn)(check)) for count in (200, 10_000))
    return few, pytest.mark.slow(many)


@cache
def rubric():
    return load_rubric()


def results(name, *reviews, candidate="c"):
    key = RING.get(name)
    pairs = [
        (key.key, Submission(
            exercise=key.key.exercise, candidate=candidate, format="json", sha256="0" * 64,
            comments=tuple(review),
        ))
        for review in reviews
    ]  # fmt: skip
    judged = match_all(pairs)
    return [
        mark("s", submission, key, verdicts, rubric(), {})
        for (_, submission), verdicts in zip(pairs, judged, strict=True)
    ]


def score(key, review):
    return results(key, review)[0].score


def points(result):
    return result.score.score, result.score.detection, result.score.band


keys = st.sampled_from(KEYS)


@st.composite
def remark(draw, name):
    key = RING.get(name)
    lines = key.key.program.count("\n")
    kind = draw(st.sampled_from(["flaw", "decoy", "any", "any", "denial", "general"]))
    item = draw(st.sampled_from(key.key.items))
    line = draw(st.integers(1, lines))
    if kind == "flaw":
        text = draw(st.sampled_from([*item.said_well, *item.near_misses]))
        line = max(1, item.places[0].lines.start + draw(st.integers(-4, 4)))
    elif kind == "decoy":
        decoy = draw(st.sampled_from(key.key.decoys))
        text, line = draw(st.sampled_from(decoy.said_badly)), decoy.places[0].lines.start
    elif kind == "denial":
        text, line = draw(st.sampled_from(DENIALS)), item.places[0].lines.start
    else:
        text = draw(st.sampled_from(SAID))
    place = {} if kind == "general" else {"line": line}
    return Comment(text=text, file="program.py", **place)


@st.composite
def reviewed(draw, most=7):
    key = draw(keys)
    return key, draw(st.lists(remark(key), max_size=most))


@st.composite
def good(draw, name):
    key = RING.get(name)
    item = draw(st.sampled_from(key.key.items))
    return Comment(
        text=draw(st.sampled_from(item.said_well)), file="program.py",
        line=item.places[0].lines.start,
    )  # fmt: skip


@st.composite
def wrong(draw, name):
    key = RING.get(name)
    decoy = draw(st.sampled_from(key.key.decoys))
    line = draw(st.integers(1, key.key.program.count("\n")))
    said = draw(st.sampled_from(decoy.said_badly))
    return draw(
        st.sampled_from(
            [
                Comment(text=said, file="program.py", line=decoy.places[0].lines.start),
                Comment(text=GENERIC, file="program.py", line=line),
                Comment(text="LGTM", file="program.py", line=line),
                Comment(text=key.key.program.split("\n")[line - 1], file="program.py", line=line),
            ]
        )
    )


def the_order_of_comments_changes_nothing(case, random):
    key, review = case
    mixed = random.sample(review, len(review))
    assert points(results(key, review)[0]) == points(results(key, mixed)[0])


def a_batch_gives_what_each_gives_alone(one, other, name):
    key, review = one
    beside = other[1] if other[0] is key else []
    together = results(key, review, beside, review)
    alone = results(key, review, candidate=name)[0]
    assert points(together[0]) == points(together[2]) == points(alone)


def a_right_comment_never_lowers_detection(case, data):
    key, review = case
    more = data.draw(good(key))
    assert score(key, [*review, more]).detection >= score(key, review).detection


def a_wrong_comment_never_raises_anything(case, data):
    key, review = case
    more = data.draw(wrong(key))
    before, after = score(key, review), score(key, [*review, more])
    assert after.score <= before.score
    assert after.detection <= before.detection


def saying_everything_again_changes_nothing(case):
    key, review = case
    assert score(key, [*review, *review]).score == score(key, review).score


test_order, test_order_of_many = twice(
    the_order_of_comments_changes_nothing, reviewed(), st.randoms(use_true_random=False)
)
test_batch, test_batch_of_many = twice(
    a_batch_gives_what_each_gives_alone, reviewed(), reviewed(), st.text(min_size=1, max_size=9)
)
test_right, test_right_of_many = twice(
    a_right_comment_never_lowers_detection, reviewed(), st.data()
)
test_wrong, test_wrong_of_many = twice(a_wrong_comment_never_raises_anything, reviewed(), st.data())
test_again, test_again_of_many = twice(saying_everything_again_changes_nothing, reviewed(4))


@pytest.mark.parametrize("key", KEYS)
def test_silence_has_no_points_and_the_key_in_good_words_has_all(key):
    said = [
        Comment(text=f"{i.wrong} {i.harm} {i.fix}", file="program.py",
                line=i.places[0].lines.start)
        for i in RING.get(key).key.items
    ]  # fmt: skip
    assert score(key, []).score == 0
    assert score(key, said).score == 100_000


PRINTS = """
import sys; sys.path.insert(0, sys.argv[1])
import test_score_properties as t
from grader.files import sha256
from grader.records.submission import Comment
review = [Comment(text=x, file="program.py", line=5 + 7 * n) for n, x in enumerate(t.SAID[:40])]
made = [r.model_dump_json() for key in t.KEYS for r in t.results(key, review)]
print(sha256("".join(made).encode()))
"""


def test_hash_seed_locale_and_threads_change_no_byte():
    told = set()
    for seed, locale, threads in (("0", "C", "1"), ("1", "C.UTF-8", "2"), ("77", "POSIX", "4")):
        more = {"PYTHONHASHSEED": seed, "LC_ALL": locale, "OMP_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", PRINTS, str(Path(__file__).parent)], check=True,
            capture_output=True, text=True, env={**os.environ, **more},
        )  # fmt: skip
        told.add(done.stdout)
    assert len(told) == 1
