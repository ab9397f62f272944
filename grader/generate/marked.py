"""Cutting a program that is the export of a notebook: its own markers say where."""

from collections.abc import Sequence

from grader.generate.pieces import Piece, arguments_set, main_called
from grader.spans import Span, split_lines
from seeded_bugs.syntax.cells import cells_of, uncommented

_GUARD = "if __name__"


def cut_at_markers(text: str, run: Sequence[str]) -> list[Piece]:
    """Return the cells of a marked program, in order.

    Args:
        text: the program; its markers become the borders between cells. A main guard has a cell
            of its own.
        run: the arguments that the program is started with.
    """
    lines = split_lines(text)
    pieces = []
    for cell in cells_of(text):
        span, shown = Span(cell.start, cell.end), lines[cell.start - 1 : cell.end]
        if cell.kind == "markdown":
            pieces.append(Piece("markdown", "\n".join(uncommented(shown)), span))
        elif shown[0].startswith(_GUARD):
            pieces.append(main_called(run, span))
        else:
            pieces.append(Piece("code", "\n".join(shown), span))
    if not any(line.startswith(_GUARD) for line in lines):
        first = [piece.kind for piece in pieces].index("code")
        pieces.insert(first, arguments_set(run))
    return pieces
