"""From a text to its module and back, statement by statement.

A statement that was read or printed before is not read or printed again: of the many texts on the
way to an exercise, each differs from the one before in a few statements.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
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
        SyntaxError, libcst.ParserSyntaxError: if the text does not parse.
    """
    if "\r" in text or "\t" in text or not text.endswith("\n"):
        return cst.parse_module(text)
    with suppress(cst.ParserSyntaxError):
        return _put_together(cut(text))
    # A string of several lines may look like statements.
    return _put_together(_cut_by_parser(text))


def _put_together(pieces: Sequence[str]) -> cst.Module:
    """Return the module of a text that is cut into its statements."""
    if len(pieces) < 2:
        return cst.parse_module("".join(pieces))
    first, last = _module(pieces[0]), _module(pieces[-1])
    if first.default_indent != _INDENT or last.default_indent != _INDENT:
        return cst.parse_module("".join(pieces))
    body = list(first.body)
    taken: set[str] = set()
    for piece in pieces[1:-1]:
        # A node must stand only once in a module, or nobody can tell which of the two is meant.
        body.append(cst.parse_statement(piece) if piece in taken else _statement(piece))
        taken.add(piece)
    head, *others = last.body
    head = head.with_changes(leading_lines=[*last.header, *head.leading_lines])
    return cst.Module([*body, head, *others], first.header, last.footer)


def cut(text: str) -> list[str]:
    """Return the statements of a text by how their lines begin; what stands above is theirs.

    The last one holds what stands below it. A string with text at the margin is cut wrongly.
    """
    lines = _lines(text)
    pieces: list[str] = []
    start = end = 0
    decorated = True
    for number, line in enumerate(lines):
        if line[0] in _NEVER_FIRST or _GOES_ON.match(line):
            # What is indented belongs to the statement above, a comment at the margin to the next.
            end = number + 1 if line[0] not in "#\n" else end
        elif decorated:
            decorated, end = line[0] == "@", number + 1
        else:
            pieces.append("".join(lines[start:end]))
            start, end, decorated = end, number + 1, line[0] == "@"
    return [*pieces, "".join(lines[start:])]


_NEVER_FIRST = frozenset("#\n )]}")
_GOES_ON = re.compile(r"(else|elif|except|finally)\b")


def _cut_by_parser(text: str) -> list[str]:
    lines, ends = _lines(text), _ends(text)
    return ["".join(lines[a:b]) for a, b in pairwise([0, *ends[:-1], len(lines)])]


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


def _lines(text: str) -> list[str]:
    return [f"{line}\n" for line in text.split("\n")[:-1]]


def _ends(text: str) -> list[int]:
    """Return the last line of each statement of a text, with the indented comments below it."""
    lines = _lines(text)
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


@lru_cache(maxsize=2048)
def _statement(text: str) -> Statement:
    return cst.parse_statement(text)


@lru_cache(maxsize=256)
def _module(text: str) -> cst.Module:
    return cst.parse_module(text)
