"""Signs that a text tries to steer the grader; they raise a flag and never change a point."""

from grader.match.phrases import pattern

_STEERING = pattern("alerts", "steering")


def steering(sentence: str) -> bool:
    """Tell whether a sentence speaks to the grader instead of about the code."""
    return bool(_STEERING.search(sentence.lower()))
