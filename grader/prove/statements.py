"""Which lines belong together: the statement that a line is part of."""

import ast
from collections.abc import Iterable


def whole_statements(program: str, lines: Iterable[int]) -> frozenset[int]:
    """Return the lines with all other lines of the statements that they are part of.

    Of a compound statement only its head counts; a line of a function's body does not bring the
    function in.
    """
    wanted = set(lines)
    found = set(wanted)
    for node in ast.walk(ast.parse(program)):
        if not isinstance(node, ast.stmt):
            continue
        own = range(node.lineno, _last(node) + 1)
        if wanted & set(own):
            found |= set(own)
    return frozenset(found)


def lines_naming(program: str, words: Iterable[str]) -> tuple[int, ...]:
    """Return the lines of the texts in a program that are one of these words."""
    known = set(words)
    return tuple(
        node.lineno
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in known
    )


def _last(node: ast.stmt) -> int:
    body = getattr(node, "body", None)
    if isinstance(body, list) and body:
        return max(node.lineno, int(body[0].lineno) - 1)
    return node.end_lineno or node.lineno
