"""What holds for every submission."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.match.match import match, match_all

WORDS = [
    "the",
    "scaler",
    "is",
    "fitted",
    "before",
    "split",
    "on",
    "all",
    "rows",
    "leak",
    "accuracy",
    "rare",
    "no",
    "cross",
    "validation",
    "path",
    "hardcoded",
    "seed",
    "test",
    "set",
    "should",
    "use",
    "pipeline",
    "because",
    "not",
    "fine",
    "?",
    "-",
    "1.",
    "never",
    "except",
    "returns",
    "0",
]


@pytest.fixture(scope="module")
def good(desk):
    """Return one good remark for each item."""
    return [desk.at(item.kind, item.said_well[n % 4]) for n, item in enumerate(desk.key.items)]


def points(verdicts):
    """Return what the score depends on."""
    return sorted((i.item, i.credit, i.says_why, i.says_fix) for i in verdicts.items)


@pytest.mark.parametrize("n", range(4))
def test_the_key_in_its_own_words_hits_every_item(desk, n):
    comments = [desk.at(item.kind, item.said_well[n]) for item in desk.key.items]
    verdicts = desk.judge(*comments)
    assert [item.credit for item in verdicts.items] == [1000] * len(desk.key.items)


def test_wrong_harm_and_fix_together_hit_and_explain_every_item(desk):
    comments = [desk.at(i.kind, f"{i.wrong} {i.harm} {i.fix}") for i in desk.key.items]
    verdicts = desk.judge(*comments)
    assert all(i.credit == 1000 and i.says_why and i.says_fix for i in verdicts.items)


def test_silence_earns_nothing(desk):
    assert desk.share(desk.judge()) == 0


def test_the_order_of_comments_does_not_matter(desk, good):
    noise = [desk.on(i, f"remark {i}: {WORDS[i % 7]} is not checked") for i in range(5, 60, 9)]
    comments = [*good, *noise]
    expected = points(desk.judge(*comments))
    for seed in range(5):
        mixed = random.Random(seed).sample(comments, len(comments))
        assert points(desk.judge(*mixed)) == expected


def test_repeating_every_comment_changes_nothing(desk, good):
    assert points(desk.judge(*good, *good)) == points(desk.judge(*good))


def test_a_batch_gives_the_same_as_one_by_one(desk, good):
    pairs = [(desk.key, desk.submit(*good[n:])) for n in range(len(good))]
    alone = [match(key, submission, desk.model) for key, submission in pairs]
    assert match_all(pairs, desk.model) == alone


def test_a_right_comment_never_lowers_detection(desk, good):
    before = 0
    for n in range(1, len(good) + 1):
        now = desk.share(desk.judge(*good[:n]))
        assert now >= before
        before = now


def test_the_candidate_does_not_matter(desk, good):
    other = desk.submit(*good).model_copy(update={"candidate": "someone-else", "format": "csv"})
    assert points(match(desk.key, other, desk.model)) == points(desk.judge(*good))


@given(
    st.lists(
        st.tuples(st.integers(1, 90), st.lists(st.sampled_from(WORDS), max_size=14)), max_size=8
    ),
    st.randoms(use_true_random=False),
)
def test_any_remarks_in_any_order_give_the_same_points(desk, said, rng):
    comments = [desk.on(line, " ".join(words)) for line, words in said]
    mixed = list(comments)
    rng.shuffle(mixed)
    assert points(desk.judge(*comments)) == points(desk.judge(*mixed))


@given(st.text(max_size=400), st.integers(1, 200))
def test_any_text_has_a_verdict(desk, text, line):
    assert len(desk.judge(desk.on(line, text)).comments) == 1


@given(st.integers(0, 8), st.integers(0, 3))
def test_an_item_is_credited_once(desk, number, variant):
    item = desk.key.items[number]
    texts = [*item.said_well[variant:], item.said_well[variant]]
    verdicts = desk.judge(*(desk.at(item.kind, text) for text in texts))
    assert sum(c.verdict == "hit" and c.item == item.id for c in verdicts.comments) == 1


def test_a_very_long_text_is_read_in_time(desk):
    text = "the scaler is fitted before the split (((( " * 5_000
    assert desk.one(desk.on(34, text)).notes
