"""The corpus: enough of everything, in many voices, and no author repeats another."""

from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

import pytest

from grader.match.corpus import LABELS, load
from grader.match.normalise import fold
from grader.match.words import open_up, tokens

ROOT = Path(__file__).parents[2]
RUN = 4  # words
SAME = 0.6  # of the runs of the shorter text

REMARKS = load()


def runs(text):
    words = tokens(open_up(fold(text)[0]))
    return {words[i : i + RUN] for i in range(len(words) - RUN + 1)}


def near_duplicates(texts):
    """Return pairs of (owner, text) of different owners that share most runs of words."""
    holders = defaultdict(list)
    found = [runs(text) for _, text in texts]
    for n, own in enumerate(found):
        for run in own:
            holders[run].append(n)
    shared = Counter(
        pair for held in holders.values() if len(held) < 60 for pair in combinations(held, 2)
    )
    return [
        (texts[a], texts[b])
        for (a, b), count in shared.items()
        if texts[a][0] != texts[b][0]
        and count >= 3
        and count >= SAME * min(len(found[a]), len(found[b]))
    ]


def test_it_holds_four_thousand_remarks_and_150_of_each_category():
    counts = Counter(remark.category for remark in REMARKS)
    assert len(REMARKS) >= 4_000
    assert set(counts) == set(LABELS)
    assert min(counts.values()) >= 150


def test_every_author_writes_in_many_voices():
    voices = defaultdict(set)
    for remark in REMARKS:
        voices[remark.author].add(remark.voice)
    assert len(voices) >= 8
    assert min(map(len, voices.values())) >= 10


def test_no_author_repeats_another():
    assert near_duplicates([(r.author, r.text) for r in REMARKS]) == []


def test_a_near_duplicate_would_be_found():
    first = "The scaler is fitted on all rows before the split, so the test rows leak."
    second = "The scaler is fitted on all rows before the split and the test rows leak!"
    assert len(near_duplicates([("a", first), ("b", second)])) == 1
    assert near_duplicates([("a", first), ("a", second)]) == []


@pytest.mark.parametrize("half", ["dev", "test"])
def test_no_remark_of_the_corpus_stands_in_a_review(half):
    import json

    said = [
        ("review", comment["comment"])
        for path in sorted((ROOT / "tests/cases/reviews" / half).glob("A*/*.json"))
        for comment in json.loads(path.read_text("utf-8"))["comments"]
    ]
    assert len(said) > 300
    corpus = [("corpus", remark.text) for remark in REMARKS]
    assert near_duplicates([*corpus, *said]) == []
