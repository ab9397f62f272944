"""The notebook form: the same lines, cut into cells as a person would cut them.

Every code line of a cell is a line of the program, so a place in the notebook is a place in the
program. Only the cell that starts the run is not: it comes last and stands in for the script's main
guard; a flat script, which runs from the top, gets it first, and there it sets the arguments.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import nbformat

from grader.generate.marked import cut_at_markers
from grader.generate.pieces import Piece, arguments_set, main_called
from grader.records.base import CellLines, Lines
from grader.records.key import Cell
from grader.spans import Span, overlap, split_lines
from grader.stream import Stream
from seeded_bugs.syntax.cells import has_markers

_TITLES = {
    "imports": ("# {title}", "## {title}", "# {title} (final)"),
    "settings": ("## settings", "## Config", "## columns etc", "### params"),
    "steps": ("## train / predict", "## main part", "## now the real work", "### do it"),
    "helpers": ("## helper functions", "## functions", "### utils", "## stuff we need below"),
    "run": ("## Run", "## run it", "## go", "### final run"),
}


@dataclass(frozen=True)
class Notebook:
    """The bytes of the notebook, and which program lines each cell holds."""

    data: bytes
    cells: tuple[Cell, ...]


def build_notebook(
    text: str, title: str, run: Sequence[str], public_id: str, stream: Stream
) -> Notebook:
    """Cut a program into cells: at its own markers, or by rule where it has none.

    Args:
        text: the program.
        title: for the first heading.
        run: the arguments that the program is started with.
        public_id: the exercise's id; cell ids are derived from it and the cell's position alone.
        stream: for where to cut and what to write above.
    """
    cells: list[Cell] = []
    nodes = []
    ids = Stream(public_id.encode().ljust(16, b"."), "cells")

    def add(piece: Piece) -> None:
        number, cell_id = len(cells) + 1, ids.name(8, "0123456789abcdef")
        span = piece.lines
        where = None if span is None else Lines(start=span.start, end=span.end)
        cells.append(Cell(cell=number, cell_id=cell_id, kind=piece.kind, lines=where))
        text_cell = piece.kind == "markdown"
        make: Any = nbformat.v4.new_markdown_cell if text_cell else nbformat.v4.new_code_cell
        node = make(source=piece.source)
        node["id"] = cell_id
        nodes.append(node)

    marked = has_markers(text)
    for piece in cut_at_markers(text, run) if marked else _by_rule(text, title, run, stream):
        add(piece)
    book = nbformat.v4.new_notebook(cells=nodes, metadata=_METADATA)
    nbformat.validate(book)
    return Notebook((nbformat.writes(book, version=4) + "\n").encode(), tuple(cells))


_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def cell_lines(span: Span, cells: Sequence[Cell]) -> tuple[CellLines, ...]:
    """Return where lines of the program stand in the notebook."""
    found = []
    for cell in cells:
        if cell.kind == "markdown" or cell.lines is None:
            continue
        home = Span(cell.lines.start, cell.lines.end)
        if overlap(span, home):
            start, end = max(span.start, home.start), min(span.end, home.end)
            found.append(
                CellLines(
                    cell=cell.cell,
                    cell_id=cell.cell_id,
                    start=start - home.start + 1,
                    end=end - home.start + 1,
                )
            )
    return tuple(found)


def _by_rule(text: str, title: str, run: Sequence[str], stream: Stream) -> Iterator[Piece]:
    """Yield the cells of a program without markers, with headings above some of them."""
    lines = split_lines(text)
    pieces, guard = _cut(text, stream)

    def heading(name: str) -> Piece:
        return Piece("markdown", stream.choice(_TITLES[name]).format(title=title))

    for name, span in pieces:
        if name:
            yield heading(name)
        if guard is None and span is pieces[0][1]:
            yield arguments_set(run)
        yield Piece("code", "\n".join(lines[span.start - 1 : span.end]), span)
    if guard is not None:
        yield heading("run")
        yield main_called(run, guard)


def _cut(text: str, stream: Stream) -> tuple[list[tuple[str, Span]], Span | None]:
    """Return the cells as (heading or '', lines), and the lines of the main guard if there is one.

    What stands below a guard goes with it.
    """
    lines, body = split_lines(text), ast.parse(text).body
    starts = [*_starts(lines, body), len(lines) + 1]
    guard = next((i for i, node in enumerate(body) if _is_guard(node)), len(body))
    groups: list[tuple[str, list[int]]] = []
    for index, node in enumerate(body[:guard]):
        kind = _kind(node)
        if groups and groups[-1][0] == kind and _joins(kind, node, groups[-1][1], body, stream):
            groups[-1][1].append(index)
        else:
            groups.append((kind, [index]))
    pieces: list[tuple[str, Span]] = []
    seen: set[str] = set()
    for kind, members in groups:
        after = starts[members[-1] + 1] - 1
        while after > starts[members[0]] and not lines[after - 1].strip():
            after -= 1
        heading = kind if kind not in seen and (kind == "imports" or stream.chance(70)) else ""
        seen.add(kind)
        pieces.append((heading, Span(starts[members[0]], after)))
    return pieces, Span(starts[guard], len(lines)) if guard < len(body) else None


def _starts(lines: Sequence[str], body: Sequence[ast.stmt]) -> list[int]:
    """Return the first line of each statement, with the comments that stand directly above."""
    starts = []
    floor = 1
    for node in body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        while first > floor and lines[first - 2].lstrip().startswith("#"):
            first -= 1
        starts.append(first)
        floor = (node.end_lineno or node.lineno) + 1
    starts[0] = 1
    return starts


def _kind(node: ast.stmt) -> str:
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    if docstring or isinstance(node, ast.Import | ast.ImportFrom):
        return "imports"
    if isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
        return "steps"
    return "helpers" if isinstance(node, ast.FunctionDef | ast.ClassDef) else "settings"


def _joins(
    kind: str, node: ast.stmt, members: Sequence[int], body: Sequence[ast.stmt], stream: Stream
) -> bool:
    """Tell whether a statement goes into the cell above: imports do, short functions often."""
    if kind != "helpers":
        return kind != "steps"
    length = sum((body[i].end_lineno or 0) - body[i].lineno + 1 for i in members)
    short = (node.end_lineno or 0) - node.lineno < 12
    return short and length < 25 and stream.chance(60)


def _is_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)
