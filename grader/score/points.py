"""Points of the three parts, in thousandths of a point, by integer arithmetic alone."""

from fractions import Fraction
from typing import NamedTuple

from grader.score.rubric import Rubric


class Shares(NamedTuple):
    """What a score is made of, each between 0 and 1."""

    detection: Fraction
    explanation: Fraction
    judgement: Fraction


class Parts(NamedTuple):
    """Thousandths of a point of each part."""

    detection: int
    explanation: int
    judgement: int

    @property
    def total(self) -> int:
        """The score."""
        return self.detection + self.explanation + self.judgement


def parts(shares: Shares, rubric: Rubric) -> Parts:
    """Return the points of the three parts, each rounded down to a thousandth.

    Explanation and judgement count in full from a stated share found, in proportion below it.
    """
    found, whole = shares.detection.as_integer_ratio()
    full = whole * rubric.full.detection_share
    reached = min(found * 1000, full)
    weights = rubric.weights
    return Parts(
        detection=weights.detection * 1000 * found // whole,
        explanation=_scaled(weights.explanation, shares.explanation, reached, full),
        judgement=_scaled(weights.judgement, shares.judgement, reached, full),
    )


def _scaled(weight: int, share: Fraction, reached: int, full: int) -> int:
    part, whole = share.as_integer_ratio()
    return weight * 1000 * part * reached // (whole * full)
