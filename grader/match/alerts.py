"""Signs that a text tries to steer the grader; they raise a flag and never change a point."""

from grader.match.phrases import Passage

_STEERING = Passage("alerts", "steering")


def steering(sentence: str) -> bool:
    """Tell whether a sentence speaks to the grader instead of about the code."""
    return _STEERING.is_in(sentence.lower())
