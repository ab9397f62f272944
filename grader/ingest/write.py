"""A submission in each format that the readers understand: their inverse."""

import csv
import io
import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from grader.files import canonical_json
from grader.ingest.escapes import guard, guard_markdown
from grader.ingest.marks import special
from grader.ingest.places import Place, written
from grader.ingest.published import SCRIPT, Published
from grader.records.submission import Comment, Submission

_COLUMNS = ("file", "cell", "line", "end_line", "comment", "category", "area", "severity")


def as_json(submission: Submission, published: Published) -> bytes:
    """Write the comments as one JSON object; fields without a value are left out."""
    comments = [
        {name: value for name, value in _fields(comment).items() if value is not None}
        for comment in submission.comments
    ]
    whole = {"exercise": published.id, "candidate": submission.candidate}
    return canonical_json({**whole, "comments": comments})


def as_csv(submission: Submission, published: Published) -> bytes:
    """Write one row a comment. Texts stand as they are: a cell may begin with ``=``."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(("exercise", "candidate", *_COLUMNS))
    for comment in submission.comments:
        fields = _fields(comment)
        cells = ["" if fields[name] is None else fields[name] for name in _COLUMNS]
        writer.writerow((published.id, submission.candidate, *cells))
    return table.getvalue().encode()


def as_markdown(submission: Submission, published: Published) -> bytes:
    """Write one list item a comment, with its place and tags before it."""
    head = f"---\nexercise: {published.id}\ncandidate: {submission.candidate}\n---\n\n"
    return (head + "\n".join(map(_item, submission.comments))).encode()


def as_python(submission: Submission, published: Published) -> bytes:
    """Write the published program with each comment above its line.

    Places are written out, so comments on other files and general ones can stand there too.
    """
    lines = list(published.script or ())
    known = {line.strip() for line in lines if line.strip()}
    blocks: dict[int, list[str]] = {}
    for comment in submission.comments:
        here = comment.file == SCRIPT and comment.line is not None
        at = comment.line if here and comment.line else len(lines) + 1
        indent = _indent(lines, at)
        blocks.setdefault(at, []).extend(indent + line for line in _marked(comment, known))
    out: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        out += [*blocks.get(number, []), line]
    return "\n".join(out).encode()


def as_notebook(submission: Submission, published: Published) -> bytes:
    """Write the published notebook with a text cell a comment, below the cell it is about."""
    from nbformat import v4

    below: dict[int, list[Comment]] = {}
    for comment in submission.comments:
        below.setdefault(comment.cell or len(published.cells), []).append(comment)
    cells = []
    for cell in published.cells:
        make: Any = v4.new_code_cell if cell.kind == "code" else v4.new_markdown_cell
        cells.append(make("\n".join(cell.lines or ()), id=cell.id))
        for number, comment in enumerate(below.get(cell.index, [])):
            cells.append(v4.new_markdown_cell(_item(comment), id=f"review-{cell.index}-{number}"))
    text = json.dumps(v4.new_notebook(cells=cells), ensure_ascii=False, indent=1)
    return (text + "\n").encode()


def _fields(comment: Comment) -> dict[str, str | int | None]:
    values: dict[str, str | int | None] = comment.model_dump(exclude={"text", "source"})
    return values | {"comment": comment.text}


def _head(comment: Comment) -> str:
    """Return place, tags and separator as the readers of prose take them.

    After a file or cell a dash separates: behind a colon a text such as "L12: …" would go on.
    """
    cell, line, end = (
        None if number is None else str(number)
        for number in (comment.cell, comment.line, comment.end_line)
    )
    tags = [word for word in (comment.severity, comment.category) if word]
    tags += [f"area={comment.area}"] if comment.area else []
    place = written(Place(comment.file, cell, line, end))
    separator = ":" if line else " -"
    return (f"{place} ({', '.join(tags)})" if tags else place) + separator


def _item(comment: Comment) -> str:
    first, *rest = map(guard_markdown, comment.text.split("\n"))
    lines = [f"- {_head(comment)} {first}", *(f"  {line}" if line else "" for line in rest)]
    return "\n".join(lines) + "\n"


def _marked(comment: Comment, known: set[str]) -> list[str]:
    first, *rest = comment.text.split("\n")
    guarded = (guard(line, partial(special, published=known)) for line in rest)
    return [f"# REVIEW {_head(comment)} {first}", *(f"# {line}".rstrip() for line in guarded)]


def _indent(lines: Sequence[str], number: int) -> str:
    line = lines[number - 1] if number <= len(lines) else ""
    return line[: len(line) - len(line.lstrip())]
