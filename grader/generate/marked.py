"""Cutting a program that is the export of a notebook: its own markers say where."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from grader.spans import Span, split_lines
from seeded_bugs.syntax.cells import cells_of, uncommented

_GUARD = "if __name__"


class Piece(NamedTuple):
    """One cell to be: the lines of the program that it stands for, and what it shows."""

    kind: Literal["code", "markdown"]
    lines: Span
    source: str


def cut_at_markers(text: str, run: str) -> list[Piece]:
    """Return the cells of a marked program, in order.

    Args:
        text: the program; its markers become the borders between cells.
        run: the source of the cell that starts the run, in place of the main guard.
    """
    lines = split_lines(text)
    pieces = []
    for cell in cells_of(text):
        shown = lines[cell.start - 1 : cell.end]
        source = "\n".join(uncommented(shown) if cell.kind == "markdown" else shown)
        if starts_the_run(shown):
            source = run
        pieces.append(Piece(cell.kind, Span(cell.start, cell.end), source))
    return pieces


def starts_the_run(lines: Sequence[str]) -> bool:
    """Tell whether these lines are the main guard and nothing else."""
    return bool(lines) and lines[0].startswith(_GUARD)
