"""A review on GitLab: the discussions of a merge request, or their notes alone."""

from collections.abc import Iterator

from grader.ingest import limits
from grader.ingest.draft import Reading, RefusedError
from grader.ingest.hosted import Found, Span, flat, inner
from grader.ingest.published import Published
from grader.ingest.strict_json import load_many


def read(text: str, published: Published | None) -> Reading:
    """Read ``…/merge_requests/N/discussions``; what GitLab wrote itself is skipped.

    Raises:
        RefusedError: if the text is no JSON, or holds too many notes.
    """
    notes = list(_notes(flat(load_many(text))))
    refused = limits.too_many_comments(len(notes))
    if refused:
        raise RefusedError(*refused)
    found = Found(published)
    for number, note in enumerate(notes, 1):
        source = f"note {number}"
        body = note.get("body") if isinstance(note, dict) else None
        if not isinstance(note, dict) or not isinstance(body, str):
            found.faults.append(f"{source}: is no note of GitLab's API, it has no text 'body'")
        elif note.get("system") is not True:
            path = inner(note, "position", "new_path")
            found.place(source, body, path, _span(note, source, found))
            account = inner(note, "author", "username")
            found.accounts += [account] if isinstance(account, str) else []
    return found.reading()


def _notes(items: Iterator[object]) -> Iterator[object]:
    for item in items:
        notes = item.get("notes") if isinstance(item, dict) else None
        yield from notes if isinstance(notes, list) else [item]


def _span(note: dict[str, object], source: str, found: Found) -> Span:
    line = inner(note, "position", "new_line")
    if line is None and inner(note, "position", "old_line") is not None:
        found.tell(source, "stands on a deleted line; read as on the file")
    ends = [inner(note, "position", "line_range", end, "new_line") for end in ("start", "end")]
    return (ends[0], ends[1]) if None not in ends else (None, line)
