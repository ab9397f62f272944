"""Names of files, cells and lines as written, found among the published ones."""

from pathlib import PurePosixPath
from typing import NamedTuple

from grader.ingest.published import NOTEBOOK, SCRIPT, Published
from grader.ingest.text import shown


class Located(NamedTuple):
    """A place in the words of a comment."""

    file: str | None = None
    cell: int | None = None
    line: int | None = None
    end_line: int | None = None

    def faults(self, published: Published | None) -> list[str]:
        """Return what is wrong with the place: lines that the file or cell does not have."""
        if self.file is None:
            return []
        if self.cell is not None and not self.file.endswith(".ipynb"):
            return [f"cell: {self.file} has no cells; name the notebook, or leave the cell out"]
        if self.line is None or published is None:
            return []
        if self.file == NOTEBOOK and self.cell is None:
            return [f"line {self.line}: a line of {NOTEBOOK} needs its cell; add the cell number"]
        count, where = self._count(published)
        last = self.end_line or self.line
        if count is None or last <= count:
            return []
        return [f"line {last}: {where} has {count:,} lines"]

    def _count(self, published: Published) -> tuple[int | None, str]:
        if self.cell is None:
            return published.line_counts.get(self.file or ""), self.file or ""
        lines = published.cell(self.cell).lines
        where = f"cell {self.cell} of {self.file}"
        return None if lines is None else len(lines), where


def locate_cell(value: str | None, published: Published | None) -> tuple[int | None, list[str]]:
    """Return the number of a cell named by number (from 1) or id, and what is wrong with it."""
    value = value.strip() if value else ""
    if not value:
        return None, []
    if published:
        for cell in published.cells:
            if cell.id == value:
                return cell.index, []
    digits = value.removesuffix(".0")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 6):
        if published and not published.cells:
            return None, [_no_cells(published)]
        return None, [f"cell: {shown(value)} is neither a cell number nor a known cell id"]
    index = int(digits)
    if index < 1:
        return None, [f"cell: {shown(value)} is no cell; cells count from 1"]
    if published and not published.cells:
        return None, [_no_cells(published)]
    if published and index > len(published.cells):
        return None, [f"cell {index}: {NOTEBOOK} has {len(published.cells)} cells"]
    return index, []


def _no_cells(published: Published) -> str:
    return f"cell: {published.id} has no notebook; leave the cell out"


def locate_file(
    value: str | None, published: Published | None, in_notebook: bool, has_line: bool
) -> tuple[str | None, list[str]]:
    """Return the published name of a file, and what is wrong with it.

    Without a name, a cell means the notebook and a line means the program.
    """
    value = value.strip() if value else ""
    if not value:
        return _default(published, in_notebook, has_line), []
    wanted = value.replace("\\", "/").removeprefix("./").casefold()
    names = list(published.files) if published else [SCRIPT, NOTEBOOK]
    for name in names:
        if name.casefold() == wanted:
            return name, []
    base = PurePosixPath(wanted).name
    same = [name for name in names if PurePosixPath(name).name.casefold() == base]
    if len(same) == 1:
        return same[0], []
    if published is None or not published.complete:
        # The caller cannot know every published file, so the name is taken as it is.
        return (value.replace("\\", "/").removeprefix("./"), []) if wanted else (None, [])
    return None, [f"file: {shown(value)} is not published; there are {', '.join(names)}"]


def _default(published: Published | None, in_notebook: bool, has_line: bool) -> str | None:
    if in_notebook:
        return NOTEBOOK
    if not has_line:
        return None
    if published and published.script is None:
        return next(iter(published.files)) if len(published.files) == 1 else NOTEBOOK
    return SCRIPT
