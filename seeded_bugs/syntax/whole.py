"""From a text to its module and back, statement by statement.

A statement that was read or printed before is not read or printed again: of the many texts on the
way to an exercise, each differs from the one before in a few statements.
"""

import ast
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import libcst as cst

from seeded_bugs.syntax.branch import text_of

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
_INDENT = "    "


@lru_cache(maxsize=64)
def parse(text: str) -> cst.Module:
    """Return the module of a text; equal texts give the same module, never two alike.

    Modules of texts that share a statement share its node, so nodes must not be changed.

    Raises:
        SyntaxError: if the text does not parse.
    """
    ends = _ends(text)
    if len(ends) < 2 or "\r" in text or "\t" in text or not text.endswith("\n"):
        return cst.parse_module(text)
    lines = text.split("\n")
    first = _module("\n".join(lines[: ends[0]]) + "\n")
    last = _module("\n".join(lines[ends[-2] :]))
    if first.default_indent != _INDENT or last.default_indent != _INDENT:
        return cst.parse_module(text)
    body = list(first.body)
    taken: set[str] = set()
    for start, end in pairwise(ends[:-1]):
        piece = "\n".join(lines[start:end]) + "\n"
        # A node must stand only once in a module, or nobody can tell which of the two is meant.
        body.append(cst.parse_statement(piece) if piece in taken else _statement(piece))
        taken.add(piece)
    head, *others = last.body
    head = head.with_changes(leading_lines=[*last.header, *head.leading_lines])
    return cst.Module([*body, head, *others], first.header, last.footer)


def print_module(module: cst.Module) -> str:
    """Return the text of a module."""
    if not module.has_trailing_newline or module.default_indent != _INDENT:
        return module.code
    return "".join(text_of(part) for part in parts_of(module))


def parts_of(module: cst.Module) -> Iterator[cst.CSTNode]:
    """Yield what hangs on a module, in order: lines above, statements, lines below."""
    yield from module.header
    yield from module.body
    yield from module.footer


def _ends(text: str) -> list[int]:
    """Return the last line of each statement of a text, with the indented comments below it."""
    lines = text.split("\n")
    ends: list[int] = []
    for node in ast.parse(text).body:
        start, end = node.lineno, node.end_lineno or node.lineno
        if ends and start <= ends[-1]:
            # Two statements on one line are one line.
            ends.pop()
        below = end
        while below < len(lines) and (not lines[below].strip() or lines[below].startswith(" ")):
            below += 1
            if lines[below - 1].strip():
                end = below
        ends.append(end)
    return ends


@lru_cache(maxsize=1024)
def _statement(text: str) -> Statement:
    return cst.parse_statement(text)


@lru_cache(maxsize=256)
def _module(text: str) -> cst.Module:
    return cst.parse_module(text)
