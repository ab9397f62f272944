"""Cells to be, and the one that starts the run, which is no line of the program."""

import json
from collections.abc import Sequence
from typing import Literal, NamedTuple

from grader.spans import Span


class Piece(NamedTuple):
    """One cell to be: what it shows, and the lines of the program that it stands for, if any."""

    kind: Literal["code", "markdown"]
    source: str
    lines: Span | None = None


def arguments_set(run: Sequence[str]) -> Piece:
    """Return the cell above a flat script: it runs from the top, with these arguments."""
    return Piece("code", f"import sys\n\nsys.argv = {json.dumps(['program.py', *run])}")


def main_called(run: Sequence[str], guard: Span) -> Piece:
    """Return the cell that stands in for the main guard."""
    return Piece("code", f"main({json.dumps(list(run))})", guard)
