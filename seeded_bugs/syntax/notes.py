"""One more log line in the program's own manner: arguments after a format, or an f-string."""

import re

import libcst as cst

from seeded_bugs.syntax.logs import logger_name
from seeded_bugs.syntax.tree import Tree

_SLOT = re.compile(r"\{:([^}]*)\}")


def note(tree: Tree, template: str, *values: str, method: str = "info") -> str | None:
    """Return the text of a log call; None where the module has no logger.

    Args:
        template: the message with a slot for each value, ``"{:d} rows, mean {:.2f}"``.
        values: the expressions that fill the slots, in order.
    """
    logger = logger_name(tree)
    if logger is None:
        return None
    if _writes_f_strings(tree, logger):
        filled = iter(value.replace('"', "'") for value in values)
        message = _SLOT.sub(lambda slot: f"{{{next(filled)}:{slot[1]}}}", template)
        return f'{logger}.{method}(f"{message}")\n'
    message = _SLOT.sub(lambda slot: f"%{slot[1]}", template)
    return f"{logger}.{method}({', '.join([repr_of(message), *values])})\n"


def repr_of(text: str) -> str:
    """Return a string literal in double quotes."""
    return f'"{text}"'


def _writes_f_strings(tree: Tree, logger: str) -> bool:
    """Tell whether the first log call that fills something in is an f-string."""
    for call in tree.calls("info", "warning", "error"):
        of_logger = isinstance(call.func, cst.Attribute) and isinstance(call.func.value, cst.Name)
        if not of_logger or not call.args or logger not in tree.names(call.func):
            continue
        if isinstance(call.args[0].value, cst.FormattedString):
            return True
        if len(call.args) > 1:
            return False
    return False
