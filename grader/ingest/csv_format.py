"""Comments as a table: comma, semicolon or TAB, as editors and spreadsheets write it."""

import csv
import io
from collections.abc import Sequence

from grader.ingest import limits
from grader.ingest.columns import WHOLE, field_of
from grader.ingest.draft import Draft, Reading, RefusedError, Told
from grader.ingest.published import Published
from grader.ingest.text import shown
from grader.spans import split_lines

_HEADER_CHARACTERS = 2_000
_DELIMITERS = ",;\t"
_HEADER = "start with a header such as file,line,end_line,comment,severity,category"


def read(text: str, published: Published | None) -> Reading:
    """Read a table whose first row names the columns; only a comment column is compulsory.

    Raises:
        RefusedError: if there is no usable header, or the quotes do not close.
    """
    lines = split_lines(text)
    header_line = next((line for line in lines if line.strip()), "")[:_HEADER_CHARACTERS]
    delimiter = max(_DELIMITERS, key=lambda d: _columns_known(header_line, d))
    refused = limits.too_many_lines(lines)
    if refused:
        raise RefusedError(*refused)
    table = rows(text, delimiter)
    if not table:
        raise RefusedError(f"the file is empty; {_HEADER}")
    names, notices = _header(table[0][1])
    refused = limits.too_many_comments(len(table) - 1)
    if refused:
        raise RefusedError(*refused)
    faults: list[str] = []
    drafts: list[Draft] = []
    whole: dict[str, dict[str, None]] = {name: {} for name in WHOLE}
    for number, row in table[1:]:
        source = f"row {number}"
        cells, told, wrong = _fitted(row, names, delimiter, source)
        notices += told
        faults += wrong
        values = {name: cell for name, cell in zip(names, cells, strict=False) if name and cell}
        for name in WHOLE:
            value = values.pop(name, "").strip()
            if value:
                whole[name][value] = None
        drafts.append(Draft(source, values.pop("comment", ""), **values))
    exercise, candidate = (_one(name, list(whole[name]), faults) for name in WHOLE)
    return Reading(tuple(drafts), exercise, candidate, tuple(notices), tuple(faults), strict=True)


def _columns_known(header: str, delimiter: str) -> int:
    try:
        cells = next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error:
        return 0
    return sum(field_of(cell) is not None for cell in cells)


def rows(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Return all rows that hold something, with their numbers from 1.

    Raises:
        RefusedError: if a quote does not close.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found: list[tuple[int, list[str]]] = []
    number = 0
    try:
        for row in reader:
            number += 1
            if any(cell.strip() for cell in row):
                found.append((number, row))
    except csv.Error as error:
        raise RefusedError(
            f"row {number + 1} (line {reader.line_num}): {_explained(error)}"
        ) from error
    return found


def _explained(error: csv.Error) -> str:
    message = str(error)
    if "field larger" in message:
        size = csv.field_size_limit()
        return f"a cell of more than {size:,} characters, the limit is 10,000; shorten it"
    if "unexpected end" in message:
        return "a quote opens here and never closes; close it, or double a quote that is text"
    return f"{message}; double every quote inside a quoted cell"


def _header(row: Sequence[str]) -> tuple[list[str | None], list[Told]]:
    """Return the field of each column, None for an unknown one."""
    refused = limits.over("row 1", len(row), limits.MAX_COLUMNS, "columns", "remove some")
    if refused:
        raise RefusedError(*refused)
    names = [field_of(cell) for cell in row]
    known = [name for name in names if name]
    faults = [
        f"row 1: the column {name} is given twice; keep one"
        for name in dict.fromkeys(known)
        if known.count(name) > 1
    ]
    if "comment" not in names:
        found = ", ".join(shown(cell.strip()) for cell in row[:10])
        faults.append(f"row 1: no column 'comment' among {found}; {_HEADER}")
    if faults:
        raise RefusedError(*faults)
    unknown = [cell for cell, name in zip(row, names, strict=True) if not name and cell.strip()]
    notices = [Told("row 1", f"the column {shown(cell)} is unknown, left out") for cell in unknown]
    return names, notices


def _fitted(
    row: list[str], names: Sequence[str | None], delimiter: str, source: str
) -> tuple[list[str], list[Told], list[str]]:
    """Return the row with as many cells as the header; a last comment may hold delimiters."""
    surplus = row[len(names) :]
    if not any(cell.strip() for cell in surplus):
        return row[: len(names)], [], []
    if names[-1] == "comment":
        joined = delimiter.join(row[len(names) - 1 :])
        told = Told(source, "the comment holds a delimiter and no quotes; read to the row's end")
        return [*row[: len(names) - 1], joined], [told], []
    found = f"{source}: {len(row)} cells, the header has {len(names)}"
    return row[: len(names)], [], [f"{found}; put the comment in double quotes"]


def _one(name: str, values: list[str], faults: list[str]) -> str | None:
    if len(values) > 1:
        found = ", ".join(map(shown, values[:5]))
        faults.append(f"{name}: {found} differ; hand in one file a {name}")
    return values[0] if values else None
