"""Where the score may lie: the flaws are a sample, comments are open, forms differ."""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from typing import NamedTuple

from grader.score.points import Shares, parts
from grader.score.rubric import Rubric
from grader.score.tally import Entry, Noise, detection_share, explanation_share, judgement_share

_FINE = 10**9


class Range(NamedTuple):
    """The ends of a detection share, each between 0 and 1."""

    low: Fraction
    high: Fraction


class Ends(NamedTuple):
    """The ends of the interval in thousandths of a point, 0 to 100000."""

    low: int
    high: int


def effective_items(entries: Sequence[Entry]) -> Fraction:
    """Return how many equal flaws would be as precise (Kish 1965): (sum w)^2 / sum w^2."""
    squares = sum(entry.weight**2 for entry in entries)
    return Fraction(sum(entry.weight for entry in entries) ** 2, max(1, squares))


@lru_cache(maxsize=4_096)
def wilson(share: Fraction, items: Fraction, z: Fraction) -> Range:
    """Return Wilson's score interval (JASA 1927) of a share seen on ``items`` flaws.

    Unlike share ± z * sqrt(p q / n) it stays within 0 and 1 and keeps its width at both ends: who
    found all of ten flaws has not shown to find all flaws. Partial credits vary less than
    the binomial, so the interval errs on the wide side.
    """
    if not items:
        return Range(Fraction(0), Fraction(1))
    square = z * z / items
    centre = share + square / 2
    radicand = (z * z) * share * (1 - share) / items + square * square / 4
    half = _root(radicand)
    low, high = (centre - half) / (1 + square), (centre + half) / (1 + square)
    return Range(max(Fraction(0), min(low, share)), min(Fraction(1), max(high, share)))


def _root(value: Fraction) -> Fraction:
    """Return the square root, rounded up to a billionth: an interval is never too narrow."""
    scaled = value.numerator * _FINE**2 // value.denominator
    return Fraction(_root_up(scaled), _FINE)


def _root_up(value: int) -> int:
    root = isqrt(value)
    return root if root * root == value else root + 1


def ends(entries: Sequence[Entry], noise: Noise, rubric: Rubric) -> Ends:
    """Return the interval of a score from item sampling and form difficulty.

    The score is computed again at both ends of the detection share, explanation and judgement
    shares as they are; the distance is joined with the form's by the root of the squares.
    """
    shares = Shares(
        detection_share(entries), explanation_share(entries), judgement_share(noise, rubric)
    )
    score = parts(shares, rubric).total
    sampled = wilson(shares.detection, effective_items(entries), Fraction(rubric.interval.z, 1000))
    below = score - parts(shares._replace(detection=sampled.low), rubric).total
    above = parts(shares._replace(detection=sampled.high), rubric).total - score
    form = rubric.interval.form_difficulty
    return Ends(
        low=max(0, score - _root_up(below**2 + form**2)),
        high=min(100_000, score + _root_up(above**2 + form**2)),
    )


def if_open_comments_hold(
    entries: Sequence[Entry], undecided: int, unlisted: int, rubric: Rubric
) -> tuple[Entry, ...]:
    """Return the entries as they would be if open comments were credited in full.

    Each undecided comment takes the flaw that adds most; each unlisted one becomes a further
    major flaw of the key. Both are counted up to the rubric's limits.
    """
    gains = sorted(
        range(len(entries)),
        key=lambda i: (-entries[i].weight * (1000 - entries[i].credit), i),
    )
    taken = set(gains[: min(undecided, rubric.human.undecided)])
    filled = [
        Entry(entry.weight, 1000, 1000) if i in taken else entry for i, entry in enumerate(entries)
    ]
    further = min(unlisted, rubric.human.unlisted)
    return (*filled, *[Entry(rubric.severity.major, 1000, 1000)] * further)
