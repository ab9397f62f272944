"""The table that the editor extension "Code Review" keeps: ``code-review.csv``.

Columns as in https://github.com/d-koppenhagen/vscode-code-review; ``lines`` holds one or more
selections ``line:column-line:column``, joined by ``|``, lines from 1 and columns from 0.
"""

import re

from grader.ingest import csv_format, limits
from grader.ingest.draft import Draft, Reading, RefusedError, Told
from grader.ingest.published import Published
from grader.ingest.text import shown

COLUMNS = ("sha", "filename", "lines", "comment")
"""What tells the table from one of our own."""
_SELECTION = re.compile(r"([0-9]{1,7}):[0-9]{1,7}-([0-9]{1,7}):([0-9]{1,7})")
_PRIORITIES = {"1": "minor", "2": "major", "3": "critical"}


def read(text: str, published: Published | None) -> Reading:
    """Read the rows; title and additional remarks belong to the comment.

    Raises:
        RefusedError: if the quotes do not close, or there are too many rows.
    """
    rows = csv_format.rows(text, ",")
    refused = limits.too_many_comments(len(rows) - 1)
    if refused:
        raise RefusedError(*refused)
    names = [name.strip().casefold() for name in rows[0][1]]
    told: list[Told] = []
    drafts: list[Draft] = []
    for number, row in rows[1:]:
        source = f"row {number}"
        values = dict(zip(names, row, strict=False))
        parts = (values.get(name, "").strip() for name in ("title", "comment", "additional"))
        first, last = _span(values.get("lines", ""), source, told)
        drafts.append(
            Draft(
                source,
                "\n\n".join(part for part in parts if part),
                values["filename"] or None,
                line=first,
                end_line=last,
                category=values.get("category") or None,
                severity=_PRIORITIES.get(values.get("priority", "").strip()),
            )
        )
    return Reading(tuple(drafts), None, None, tuple(told))


def _span(lines: str, source: str, told: list[Told]) -> tuple[str | None, str | None]:
    """Return the lines of the first selection; one that ends at column 0 ends the line above."""
    selections = [part.strip() for part in lines.split("|") if part.strip()]
    if not selections:
        return None, None
    if len(selections) > 1:
        told.append(Told(source, f"{len(selections)} places; read at the first"))
    found = _SELECTION.fullmatch(selections[0])
    if found is None:
        told.append(Told(source, f"lines: {shown(selections[0])} is no selection such as 1:0-4:3"))
        return None, None
    first, last = int(found[1]), int(found[2])
    last -= 1 if last > first and int(found[3]) == 0 else 0
    return str(first), str(last)
