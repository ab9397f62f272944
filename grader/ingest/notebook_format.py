"""The returned notebook: new text cells and ``# REVIEW: …`` comments in code cells."""

import re
from collections.abc import Sequence

from grader.ingest import limits
from grader.ingest.draft import Draft, Reading, RefusedError, Told
from grader.ingest.markdown_items import items
from grader.ingest.marks import head, sort_lines
from grader.ingest.notebook_cells import Cell, match_cells, read_cells
from grader.ingest.places import Place
from grader.ingest.published import NOTEBOOK, Published, PublishedCell
from grader.ingest.python_format import draft, told
from grader.ingest.realign import realign

# In text cells '# REVIEW: …' is a heading; the colon keeps '## Review of the data' out.
_MARK = re.compile(r"[\s#>*_]{0,8}review(?:er)?\b(?=\s?[(\[:*_–-])[*_]{0,2}", re.IGNORECASE)
_NAMED = 10


def read(text: str, published: Published | None) -> Reading:
    """Read the remarks in a returned notebook.

    Raises:
        RefusedError: if the published notebook is not at hand, or this is no notebook.
    """
    if published is None:
        raise RefusedError("a returned notebook can be read only beside the published exercise")
    if not published.cells:
        raise RefusedError(f"{published.id} has no {NOTEBOOK}; return the program")
    cells, metadata = read_cells(text)
    same = match_cells(cells, published)
    drafts: list[Draft] = []
    notices = _ignored(cells, metadata)
    above: PublishedCell | None = None
    for cell in cells:
        original = same.get(cell.index)
        above = original or above
        place = Place(NOTEBOOK, str(above.index) if above else None)
        if cell.kind == "code":
            found, messages = _code(cell, original, place)
        elif original is None:
            found, messages = _text(cell, place), []
        else:
            found, messages = _published_text(cell, original, place)
        drafts += found
        notices += messages
    refused = limits.too_many_comments(len(drafts))
    if refused:
        raise RefusedError(*refused)
    return Reading(tuple(drafts), notices=tuple(notices))


def _code(
    cell: Cell, original: PublishedCell | None, place: Place
) -> tuple[list[Draft], list[Told]]:
    """Read a code cell; remarks in a new one belong to the cell above it."""
    source = f"cell {cell.index}"
    lines: Sequence[str] = (original.lines or ()) if original else ()
    if original and original.lines is None:
        # Its text is not at hand: taken as unedited but for the marked remarks.
        lines = [line for _, line in sort_lines(cell.lines, ()).code]
    found = realign(source, cell.lines, lines)
    drafts: list[Draft] = []
    notices: list[Told] = []
    where = f"cell {place.cell}" if place.cell else NOTEBOOK
    for aligned in found.remarks:
        at = f"{source}, line {aligned.remark.number}"
        drafts.append(draft(aligned, at, place))
        notices += told(aligned, at, where)
    if original is None and found.added:
        notices.append(Told(source, "a new code cell; only its remarks are read"))
    elif found.missing:
        notices.append(Told(source, f"{found.missing} published lines are changed or gone"))
    return drafts, notices


def _text(cell: Cell, place: Place) -> list[Draft]:
    """Read a new text cell: one remark, or as many as it names places."""
    source = f"cell {cell.index}"
    lines, named, tags = _without_mark(cell.lines)
    if named is not None:
        return [named.within(place).draft(source, "\n".join(lines), tags)]
    found = items(lines)
    if not any(item.explicit for item in found):
        return [place.draft(source, "\n".join(lines), tags)] if "".join(lines).strip() else []
    drafts = []
    for item in found:
        item.place = item.place.within(place) if item.explicit else place
        item.tags = tags | item.tags
        one = item.draft()
        drafts.append(item.place.draft(f"{source}, line {item.number}", one.text, item.tags))
    return drafts


def _without_mark(lines: Sequence[str]) -> tuple[list[str], Place | None, dict[str, str]]:
    """Take 'REVIEW (critical) L4:' off the first line that says something."""
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        match = _MARK.match(line)
        if match is None:
            break
        place, tags, text = head(line[match.end() :])
        if "*" in match[0] or "_" in match[0]:
            # '**REVIEW:** …' closes the bold behind the colon.
            text = text.lstrip("*_ ")
        return [text, *lines[number + 1 :]], place, tags
    return list(lines), None, {}


def _published_text(
    cell: Cell, original: PublishedCell, place: Place
) -> tuple[list[Draft], list[Told]]:
    """Read a text cell of the exercise: only lines that are marked, for its own text is no remark.

    Not every reader of a submission has the published text, and all must read the same.
    """
    source = f"cell {cell.index}"
    known = {line.strip() for line in original.lines or ()}
    drafts = []
    for number, line in enumerate(cell.lines, 1):
        if line.strip() in known or not _MARK.match(line):
            continue
        rest, named, tags = _without_mark([line])
        at = (named or place).within(place)
        drafts.append(at.draft(f"{source}, line {number}", rest[0], tags))
    if original.lines is not None and not drafts and known != {s.strip() for s in cell.lines}:
        told = Told(source, "changes in a text cell of the exercise are not read; add a new cell")
        return [], [told]
    return drafts, []


def _ignored(cells: Sequence[Cell], metadata: bool) -> list[Told]:
    """List what a notebook can hold beside cells; nobody reviews there, some hide there."""
    notices = []
    for kind in ("output", "metadata", "attachment"):
        holding = [cell.index for cell in cells if kind in cell.ignored]
        if holding:
            named = ", ".join(map(str, holding[:_NAMED])) + (", …" if holding[_NAMED:] else "")
            notices.append(Told("notebook", f"{kind} is not read (cells {named})"))
    if metadata:
        notices.append(Told("notebook", "metadata is not read (of the notebook)"))
    return notices
