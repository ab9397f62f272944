"""The words of the trade that a flaw is described in; imports nothing, so anyone may use it."""

from typing import Literal, get_args

Category = Literal[
    "leakage",
    "evaluation",
    "statistics",
    "reproducibility",
    "configuration",
    "error-handling",
    "validation",
    "serving",
    "data-handling",
    "maintainability",
    "security",
]
Severity = Literal["critical", "major", "minor"]
Anchor = Literal["span", "region", "absence"]

CATEGORIES: tuple[Category, ...] = get_args(Category)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
ANCHORS: tuple[Anchor, ...] = get_args(Anchor)
