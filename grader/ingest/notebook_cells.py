"""The cells of a returned notebook, and which published cell each of them is."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from grader.ingest import limits
from grader.ingest.draft import RefusedError
from grader.ingest.marks import sort_lines
from grader.ingest.published import Published, PublishedCell
from grader.ingest.strict_json import load
from grader.spans import split_lines

_KINDS = ("code", "markdown", "raw")
# Below this share of common lines a cell without its id is taken for a new one.
_SAME_SHARE = 0.5
# What Jupyter, Colab and VS Code write by themselves.
_TOOL_METADATA = {
    *("collapsed", "scrolled", "jupyter", "tags", "execution", "editable", "deletable"),
    *("slideshow", "id", "colab", "outputId", "colab_type", "executionInfo", "base_uri"),
    *("pycharm", "vscode", "kernelspec", "language_info", "accelerator", "orig_nbformat"),
    *("ExecuteTime", "trusted", "toc", "name", "format"),
}


@dataclass(frozen=True)
class Cell:
    """One returned cell, counted from 1. ``ignored``: what it holds that is not read."""

    index: int
    id: str
    kind: str
    lines: tuple[str, ...]
    ignored: tuple[str, ...]


def read_cells(text: str) -> tuple[list[Cell], bool]:
    """Return the cells of a notebook, and whether its own metadata holds text of a person.

    Raises:
        RefusedError: if the text is no notebook of format 4, naming every bad cell.
    """
    notebook = load(text, numbers_only=False)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(notebook, dict) or not isinstance(cells, list):
        raise RefusedError("there is no list 'cells'; save the notebook in format 4 (.ipynb)")
    faults = limits.over("notebook", len(cells), limits.MAX_CELLS, "cells", "remove some")
    if faults:
        raise RefusedError(*faults)
    read = [_cell(index, value, faults) for index, value in enumerate(cells, 1)]
    if faults:
        raise RefusedError(*faults)
    return [cell for cell in read if cell], _holds_words(notebook.get("metadata"))


def _cell(index: int, value: object, faults: list[str]) -> Cell | None:
    kind = value.get("cell_type") if isinstance(value, dict) else None
    if not isinstance(value, dict) or kind not in _KINDS:
        faults.append(f"cell {index}: has no cell_type among {', '.join(_KINDS)}")
        return None
    source = value.get("source", "")
    if isinstance(source, list) and all(isinstance(part, str) for part in source):
        source = "".join(source)
    if not isinstance(source, str):
        faults.append(f"cell {index}: source is no text")
        return None
    # Half a character cannot be written to any file; notebooks from a browser may hold one.
    source = source.encode("utf-8", "replace").decode("utf-8")
    ignored = [
        name
        for name, held in (
            ("output", bool(value.get("outputs"))),
            ("metadata", _holds_words(value.get("metadata"))),
            ("attachment", bool(value.get("attachments"))),
        )
        if held
    ]
    return Cell(index, str(value.get("id", "")), kind, tuple(split_lines(source)), tuple(ignored))


def _holds_words(metadata: object) -> bool:
    """Tell whether metadata holds text that no tool writes."""
    if not isinstance(metadata, dict):
        return False
    return any(_words(value) for key, value in metadata.items() if key not in _TOOL_METADATA)


def _words(value: object) -> bool:
    if isinstance(value, str):
        return " " in value.strip()
    if isinstance(value, dict):
        return any(map(_words, value.values()))
    return isinstance(value, list) and any(map(_words, value))


def match_cells(cells: Sequence[Cell], published: Published) -> dict[int, PublishedCell]:
    """Return the published cell of each returned one, by its index; new cells are not in it.

    Ids decide. A cell without a known id is known by its lines. When no id is left at all, a cell
    whose published text is not at hand is known by the cells around it.
    """
    by_id = {cell.id: cell for cell in published.cells if cell.id}
    found: dict[int, PublishedCell] = {}
    for cell in cells:
        if cell.id in by_id:
            found[cell.index] = by_id.pop(cell.id)
    ids_lost = not found
    # Remarks behind a line would hide it.
    there = {cell.index: _counted(_code(cell)) for cell in cells if cell.index not in found}
    matched = {p.index for p in found.values()}
    for p in published.cells:
        if p.index in matched:
            continue
        shares = {
            cell.index: _share(there[cell.index], _counted(p.lines or ()))
            for cell in cells
            if cell.index not in found and (cell.kind == "code") == (p.kind == "code")
        }
        best = max(shares, key=lambda index: (shares[index], -index), default=0)
        if best and shares[best] >= _SAME_SHARE:
            found[best] = p
    if ids_lost:
        _match_unknown(cells, published, found)
    return found


def _code(cell: Cell) -> list[str]:
    return [line for _, line in sort_lines(cell.lines, ()).code]


def _counted(lines: Sequence[str]) -> Counter[str]:
    return Counter(line.strip() for line in lines if line.strip())


def _share(there: Counter[str], wanted: Counter[str]) -> float:
    """Return how much of the published lines is there; 0 when they are not known."""
    return (wanted & there).total() / wanted.total() if wanted else 0.0


def _match_unknown(
    cells: Sequence[Cell], published: Published, found: dict[int, PublishedCell]
) -> None:
    """Going up from each cell that is known, take the nearest free cell of the right kind.

    A heading stands directly above its code; what was added stands below the code above.
    """
    at = {p.index: index for index, p in found.items()}
    below = len(cells) + 1
    for p in reversed(published.cells):
        if p.index in at:
            below = at[p.index]
            continue
        index = below - 1
        while index >= 1 and index not in found and (cells[index - 1].kind != p.kind):
            index -= 1
        if p.lines is None and index >= 1 and index not in found:
            found[index] = p
            below = index
