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


def scale(detection: Fraction, rubric: Rubric) -> Fraction:
    """Return how far explanation and judgement count: in full from a stated share found."""
    return min(Fraction(1), detection * 1000 / rubric.full.detection_share)


def parts(shares: Shares, rubric: Rubric) -> Parts:
    """Return the points of the three parts, each rounded down to a thousandth."""
    by_scale = scale(shares.detection, rubric)
    weights = rubric.weights
    return Parts(
        detection=int(weights.detection * 1000 * shares.detection),
        explanation=int(weights.explanation * 1000 * shares.explanation * by_scale),
        judgement=int(weights.judgement * 1000 * shares.judgement * by_scale),
    )
