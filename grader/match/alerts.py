"""Signs that a text tries to steer the grader; they raise a flag and never change a point."""

import re

_STEERING = re.compile(
    r"(?:ignore|disregard|forget)\s+(?:all\s+|any\s+|the\s+|your\s+|every\s+)*(?:previous|prior|above|earlier|"
    r"preceding|system|grading|instructions|rubric|rules)|system prompt|you are now|new instructions|"
    r"developer mode|(?:give|award|assign|grant)\s+(?:this|me|the|full|maximum|max|top|all|it)\b[^.\n]{0,40}"
    r"(?:marks?|score|points|credit|grade)|(?:full|maximum|max|top|perfect)\s+(?:marks?|score|points|credit|grade)|"
    r"mark (?:this|me|all|everything) as (?:correct|hit|right|passed|strong)|"
    r"\"(?:verdict|score|credit|band|result)\"\s*:|\bverdict\s*[:=]\s*hit|</?(?:comment|system|assistant|user|"
    r"submission|result)>|<\|[a-z_]+\|>|\bas an? (?:ai|llm|grader|evaluator)\b",
    re.IGNORECASE,
)


def steering(sentence: str) -> bool:
    """Tell whether a sentence speaks to the grader instead of about the code."""
    return bool(_STEERING.search(sentence))
