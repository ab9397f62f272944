"""Reviews of one exercise that are worded alike: a flag for a person, never a point.

Two people who find the same flaws say so in words of their own; long runs of the same words are
copied from each other or from one source. Runs of five words are compared, those left out that the
program itself holds.

A. Z. Broder (1997), "On the resemblance and containment of documents": the containment
|A and B| / min(|A|, |B|) of two sets of word runs.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from grader.match.normalise import fold
from grader.match.words import open_up, tokens
from grader.records.score import Form, Result

RUN = 5  # words
LEAST_SHARED = 15  # runs: some thirty words in common
LEAST_SHARE = 0.3  # of the shorter review
MOST_HOLDERS = 50  # a run that so many hold tells nothing of any two


class Alike(NamedTuple):
    """Two reviews that share runs of words; ``share`` is of the shorter one, 0 to 1."""

    exercise: str
    first: str
    second: str
    shared: int
    share: float
    example: str


Run = tuple[str, ...]


def alike(results: Iterable[Result], forms: dict[str, Form]) -> list[Alike]:
    """Return the pairs of reviews of different candidates that are worded alike, the most first.

    Args:
        results: scored reviews.
        forms: the exercises, whose own lines are left out.
    """
    by_exercise: dict[str, dict[str, set[Run]]] = defaultdict(lambda: defaultdict(set))
    for result in results:
        if result.verdicts is None or result.exercise is None or result.candidate is None:
            continue
        texts = [comment.text for comment in result.verdicts.comments]
        by_exercise[result.exercise][result.candidate].update(_runs(texts))
    found = []
    for exercise, reviews in sorted(by_exercise.items()):
        own = set(_runs([forms[exercise].program])) if exercise in forms else set()
        found += list(_pairs(exercise, {name: runs - own for name, runs in reviews.items()}))
    return sorted(found, key=lambda pair: (-pair.share, -pair.shared, pair[:3]))


def _runs(texts: Sequence[str]) -> Iterator[Run]:
    for text in texts:
        words = tokens(open_up(fold(text)[0]))
        yield from (tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1))


def _pairs(exercise: str, reviews: dict[str, set[Run]]) -> Iterator[Alike]:
    holders: dict[Run, list[str]] = defaultdict(list)
    for name in sorted(reviews):
        for run in reviews[name]:
            holders[run].append(name)
    shared: Counter[tuple[str, str]] = Counter()
    for names in holders.values():
        if 1 < len(names) <= MOST_HOLDERS:
            shared.update(combinations(names, 2))
    for (first, second), count in sorted(shared.items()):
        share = count / min(len(reviews[first]), len(reviews[second]))
        if count >= LEAST_SHARED and share >= LEAST_SHARE:
            both = reviews[first] & reviews[second]
            example = min(both, key=lambda run: (-len(" ".join(run)), run))
            yield Alike(exercise, first, second, count, share, " ".join(example))
