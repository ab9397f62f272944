"""Signs that a text tries to steer the grader; they raise a flag and never change a point."""

from grader.match.phrases import needs, pattern

_STEERING = pattern("alerts", "steering")
_NEEDS = needs("alerts", "steering")


def steering(sentence: str) -> bool:
    """Tell whether a sentence speaks to the grader instead of about the code."""
    lowered = sentence.lower()
    return any(piece in lowered for piece in _NEEDS) and bool(_STEERING.search(lowered))
