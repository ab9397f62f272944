"""Habit: nothing is thrown away. Dead code, stale notes, unused imports and helpers, prints."""

import ast
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from grader.records.base import Record
from grader.spans import Span, split_lines
from grader.stream import Stream
from seeded_bugs.syntax.cells import is_marker, marked_lines

Lines = list[tuple[int, str]]
"""A program as lines, each with the number it had before; 0 for a line that came in."""


class Phrases(Record):
    """The contents of ``phrases.toml``."""

    notes: tuple[str, ...]
    stale: tuple[str, ...]
    dead: tuple[str, ...]
    imports: tuple[str, ...]
    prints: tuple[str, ...]
    helpers: tuple[str, ...]
    constants: tuple[str, ...]


@cache
def phrases() -> Phrases:
    """Return what colleagues leave behind."""
    text = files("grader.generate.mess").joinpath("phrases.toml").read_text("utf-8")
    return Phrases.model_validate(tomllib.loads(text))


def drop_docstrings(text: str, stream: Stream, percent: int, owned: Sequence[Span]) -> Lines:
    """Return the program without about ``percent`` of its functions' docstrings."""
    lines = split_lines(text)
    gone: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or len(node.body) < 2:
            continue
        first = node.body[0]
        if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)):
            continue
        span = Span(first.lineno, first.end_lineno or first.lineno)
        if isinstance(first.value.value, str) and stream.chance(percent) and not _hit(span, owned):
            gone.update(range(span.start, span.end + 1))
    return [(number, line) for number, line in enumerate(lines, 1) if number not in gone]


def drop_comments(text: str) -> Lines:
    """Return the program without the comments that have lines of their own.

    What is sown has no comment from the author of the clean program, so none may keep one. What
    makes the cells of a notebook stays.
    """
    inside = _string_lines(text) | marked_lines(text)
    return [
        (number, line)
        for number, line in enumerate(split_lines(text), 1)
        if number in inside or not line.lstrip().startswith("#")
    ]


def scatter(text: str, stream: Stream, percent: int, owned: Sequence[Span]) -> Lines:
    """Return the program with notes, stale comments, dead lines and prints between statements.

    Comments stand as often between the lines that a flaw or a decoy owns as elsewhere, or their
    lack would tell; no statement is put there.
    """
    said, starts = phrases(), _statement_starts(text)
    lines = split_lines(text)
    pools = {"notes": said.notes, "stale": said.stale, "dead": said.dead, "prints": said.prints}
    left = {name: stream.shuffled(pool) for name, pool in pools.items()}
    above: dict[int, str] = {}
    for start in stream.sample(starts, max(4, len(starts) * percent // 600)):
        name = stream.weighted(list(pools), (4, 3, 4, 2))
        within = any(span.start < start.line <= span.end for span in owned)
        name = "dead" if name == "prints" and (within or not start.may_print) else name
        if left[name]:
            above[start.line] = " " * start.column + left[name].pop()
    result: Lines = []
    for number, line in enumerate(lines, 1):
        if number in above:
            result.append((0, above[number]))
        result.append((number, line))
    return result


def unused(text: str, stream: Stream, percent: int) -> Lines:
    """Return the program with unused imports, constants and a helper that nobody calls."""
    said, tree = phrases(), ast.parse(text)
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    names |= {a.asname or a.name for n in ast.walk(tree) if isinstance(n, _IMPORT) for a in n.names}
    names |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    imports = [line for line in said.imports if line.split()[-1] not in names]
    constants = [line for line in said.constants if line.split()[0] not in names]
    helpers = [h for h in said.helpers if h.split("(")[0].split()[-1] not in names]
    lines = split_lines(text)
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    imported = [n for n in tree.body if isinstance(n, _IMPORT)]
    inserts: dict[int, list[str]] = {}
    if functions and stream.chance(percent):
        target = stream.choice(functions)
        place = min([target.lineno, *(d.lineno for d in target.decorator_list)])
        helper = stream.choice(helpers).strip("\n").split("\n")
        inserts[_above_comments(lines, place)] = [*helper, "", ""]
    if imported:
        last = (imported[-1].end_lineno or imported[-1].lineno) + 1
        extra = stream.sample(constants, stream.between(0, 2))
        inserts.setdefault(last, []).extend(["", *extra] if extra else [])
        for line in stream.sample(imports, stream.between(1, 3)):
            inserts.setdefault(stream.choice(imported).lineno, []).append(line)
    result: Lines = []
    for number, line in enumerate([*lines, ""], 1):
        result += [(0, inserted) for inserted in inserts.get(number, [])]
        result.append((number, line))
    return result[:-1]


_IMPORT = ast.Import | ast.ImportFrom


def _above_comments(lines: Sequence[str], number: int) -> int:
    """Return the line of the first comment that stands directly above, within the same cell."""
    while number > 1 and lines[number - 2].startswith("#") and not is_marker(lines[number - 2]):
        number -= 1
    return number


class _Start(NamedTuple):
    line: int
    column: int
    may_print: bool


def _statement_starts(text: str) -> list[_Start]:
    """Return where a line of its own may be put above a statement.

    A print may stand only where it runs once and not after the last line of output: at the top
    of a function that logs, outside ``main``.
    """
    starts: dict[int, _Start] = {}
    for node in ast.walk(ast.parse(text)):
        chatty = isinstance(node, ast.FunctionDef) and node.name != "main" and _logs(node)
        for block in (getattr(node, "body", None), getattr(node, "orelse", None)):
            if not isinstance(block, list) or isinstance(node, ast.ClassDef | ast.Module):
                continue
            for position, statement in enumerate(block):
                if _elif(node, block) or (position == 0 and _is_docstring(statement)):
                    continue
                if isinstance(statement, ast.stmt):
                    here = _Start(statement.lineno, statement.col_offset, chatty)
                    starts.setdefault(here.line, here)
    return sorted(starts.values())


def _logs(function: ast.FunctionDef) -> bool:
    calls = (n.func for n in ast.walk(function) if isinstance(n, ast.Call))
    return any(isinstance(f, ast.Attribute) and f.attr == "info" for f in calls)


def _elif(node: ast.AST, block: list[ast.stmt]) -> bool:
    """Tell whether a block is an ``elif``, above which nothing can stand."""
    return isinstance(node, ast.If) and block is node.orelse and isinstance(block[0], ast.If)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _string_lines(text: str) -> set[int]:
    """Return the lines that stand inside strings of several lines."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def _hit(span: Span, owned: Sequence[Span]) -> bool:
    return any(span.start <= o.end and o.start <= span.end for o in owned)
