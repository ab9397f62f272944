"""A submission as code hosts and editors would hand it out: the inverse of those readers.

These formats have no field for an area, and only some for category and severity; what has no place
is left out.
"""

import csv
import io
import json

from grader.ingest.notebook_lines import cells_of_lines
from grader.ingest.published import NOTEBOOK, Published
from grader.records.submission import Comment, Submission

_LEVELS = {"critical": "ERROR", "major": "WARNING", "minor": "INFO"}
_PRIORITIES = {"minor": "1", "major": "2", "critical": "3"}
_COLUMNS = (
    *("sha", "filename", "url", "lines", "title", "comment", "priority", "category"),
    *("additional", "id", "private"),
)


def as_github(submission: Submission, published: Published) -> bytes:
    """Write comments of a pull request, and a review for each remark without a file."""
    items: list[dict[str, object]] = []
    for number, comment in enumerate(submission.comments, 1):
        item: dict[str, object] = {
            "id": number,
            "user": {"login": submission.candidate, "type": "User"},
            "body": comment.text,
            "pull_request_url": "https://api.github.com/repos/team/exercise/pulls/1",
        }
        if comment.file is None:
            items.append(item | {"state": "COMMENTED"})
            continue
        first, last = _lines(comment, published)
        item |= {"path": comment.file, "pull_request_review_id": 1, "side": "RIGHT"}
        item |= {"subject_type": "line" if first else "file", "original_line": last}
        items.append(item | {"line": last, "start_line": first if first != last else None})
    return _json(items)


def as_gitlab(submission: Submission, published: Published) -> bytes:
    """Write one discussion a comment."""
    discussions = []
    for number, comment in enumerate(submission.comments, 1):
        note: dict[str, object] = {
            "id": number,
            "body": comment.text,
            "author": {"username": submission.candidate},
            "system": False,
            "noteable_type": "MergeRequest",
        }
        if comment.file is not None:
            first, last = _lines(comment, published)
            position: dict[str, object] = {"new_path": comment.file, "new_line": last}
            if first != last:
                ends = {"start": {"new_line": first}, "end": {"new_line": last}}
                position["line_range"] = ends
            note["position"] = position
        discussions.append({"id": str(number), "individual_note": False, "notes": [note]})
    return _json(discussions)


def as_rdjson(submission: Submission, published: Published) -> bytes:
    """Write one result with a diagnostic a comment."""
    found = [_diagnostic(comment, published) for comment in submission.comments]
    return _json({"source": {"name": "review"}, "diagnostics": found})


def as_rdjsonl(submission: Submission, published: Published) -> bytes:
    """Write one diagnostic a line."""
    found = [_diagnostic(comment, published) for comment in submission.comments]
    return "".join(json.dumps(one) + "\n" for one in found).encode()


def as_vscode(submission: Submission, published: Published) -> bytes:
    """Write one row a comment, as the editor extension does."""
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, _COLUMNS, restval="", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    for comment in submission.comments:
        first, last = _lines(comment, published)
        writer.writerow(
            {
                "filename": comment.file or "",
                "lines": f"{first}:0-{last}:1" if first else "",
                "comment": comment.text,
                "priority": _PRIORITIES.get(comment.severity or "", "0"),
                "category": comment.category or "",
            }
        )
    return table.getvalue().encode()


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()


def _diagnostic(comment: Comment, published: Published) -> dict[str, object]:
    found: dict[str, object] = {"message": comment.text}
    if comment.file is not None:
        location: dict[str, object] = {"path": comment.file}
        first, last = _lines(comment, published)
        if first:
            location["range"] = {"start": {"line": first}, "end": {"line": last}}
        found["location"] = location
    if comment.category:
        found["code"] = {"value": comment.category}
    if comment.severity:
        found["severity"] = _LEVELS[comment.severity]
    return found


def _lines(comment: Comment, published: Published) -> tuple[int | None, int | None]:
    """Return first and last line in the file as it is stored."""
    if comment.cell is None:
        return comment.line, comment.end_line or comment.line
    places = cells_of_lines(published.files.get(NOTEBOOK, ""))
    stored = {place: int(number) for number, place in reversed(places.items())}
    first = stored.get((comment.cell, comment.line))
    return first, stored.get((comment.cell, comment.end_line)) if comment.end_line else first
