"""What the kinds of flaw go by in names: words that a new name must keep or must not bring in.

A kind knows a split, a feature function or a list of numeric columns by a word in its name. A
variation that took the word away would take the site away; one that brought it in would make a
site where there is none.
"""

import ast
import builtins
import keyword
import re
from collections.abc import Iterator
from functools import cache

from grader import catalog

WORDS = (
    "split", "feature", "validate", "check", "threshold", "seed", "load", "dump", "fit",
    "NUM", "CAT", "AFTER", "LATER", "POST", "repeat", "duplicate", "macro",
)  # fmt: skip
COLUMN = "column_name"  # what the variations call a column where they need a name of their own
TIMES = ("time", "date", "chron", "period")
TRUTH = re.compile(r"y|y_\w+|\w*(truth|true|label|target|actual)\w*", re.IGNORECASE)
GUESS = re.compile(r"pred|hat|score|prob|guess", re.IGNORECASE)


def marks(name: str) -> tuple[object, ...]:
    """Return what the kinds can tell by a name; two names with equal marks serve alike."""
    flat = name.lower()
    found = [word for word in WORDS if (word in name if word.isupper() else word in flat)]
    validating = "validate" in found or "check" in found
    truth = bool(TRUTH.fullmatch(name)) and not GUESS.search(name)
    plural = name.isupper() and name.endswith("S")
    return (
        tuple(word for word in found if word not in ("validate", "check")),
        validating,
        any(word in flat for word in TIMES),
        truth,
        plural,
        name.isupper(),
    )


def serves_alike(old: str, new: str) -> bool:
    """Tell whether a kind that finds its site by the old name finds it by the new one."""
    return marks(old) == marks(new)


@cache
def reserved() -> frozenset[str]:
    """Return the names that renaming may not give: Python's, and those that come in later."""
    names = {COLUMN, *keyword.kwlist, *keyword.softkwlist, *dir(builtins)}
    examples = [e for kind in catalog.bugs().values() for e in kind.examples]
    examples += [e for kind in catalog.decoys().values() for e in kind.examples]
    for example in examples:
        names |= _names(example.seeded) - _names(example.clean)
    return frozenset(names)


def _names(text: str) -> set[str]:
    return set(_bound(ast.parse(text)))


def _bound(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
