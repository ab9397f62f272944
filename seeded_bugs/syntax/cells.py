"""Cells of a program that is the export of a notebook, in the percent format.

A line ``# %%`` opens a cell of code, a line ``# %% [markdown]`` a cell of text whose lines are
comments. What stands above the first marker is a cell of code.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_MARKER = re.compile(r"# %%( \[markdown\])?")


@dataclass(frozen=True)
class MarkedCell:
    """One cell that holds something.

    Args:
        kind: what the marker says.
        start: its first line that is not blank, below the marker; counted from 1.
        end: its last line that is not blank.
    """

    kind: Literal["code", "markdown"]
    start: int
    end: int


def is_marker(line: str) -> bool:
    """Tell whether a line opens a cell."""
    return _MARKER.fullmatch(line) is not None


def has_markers(text: str) -> bool:
    """Tell whether a program is the export of a notebook."""
    return any(is_marker(line) for line in text.split("\n"))


def cells_of(text: str) -> tuple[MarkedCell, ...]:
    """Return the cells in the order of the text; cells without a written line are left out."""
    lines = text.split("\n")
    markers = [number for number, line in enumerate(lines, 1) if is_marker(line)]
    found = []
    for above, below in zip([0, *markers], [*markers, len(lines) + 1], strict=True):
        written = [n for n in range(above + 1, below) if lines[n - 1].strip()]
        if written:
            text_cell = above > 0 and lines[above - 1].endswith("[markdown]")
            kind: Literal["code", "markdown"] = "markdown" if text_cell else "code"
            found.append(MarkedCell(kind, written[0], written[-1]))
    return tuple(found)


def marked_lines(text: str) -> frozenset[int]:
    """Return the lines that make the notebook: the markers, and the text of the text cells."""
    markers = {number for number, line in enumerate(text.split("\n"), 1) if is_marker(line)}
    texts = [cell for cell in cells_of(text) if cell.kind == "markdown"]
    return frozenset(markers.union(*(range(cell.start, cell.end + 1) for cell in texts)))


def uncommented(lines: Sequence[str]) -> list[str]:
    """Return the lines of a text cell as the notebook shows them: ``# ## Data`` is ``## Data``."""
    return [line.removeprefix("#").removeprefix(" ") for line in lines]
