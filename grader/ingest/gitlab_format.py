"""A review on GitLab: the discussions of a merge request, or their notes alone."""

from collections.abc import Iterator

from grader.ingest import limits
from grader.ingest.draft import Draft, Reading, RefusedError, Told
from grader.ingest.hosted import Span, flat, inner, one_account, placed
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
    faults: list[str] = []
    told: list[Told] = []
    drafts: list[Draft] = []
    accounts: list[str] = []
    for number, note in enumerate(notes, 1):
        source = f"note {number}"
        body = note.get("body") if isinstance(note, dict) else None
        if not isinstance(note, dict) or not isinstance(body, str):
            faults.append(f"{source}: is no note of GitLab's API, it has no text 'body'")
        elif note.get("system") is not True:
            path = inner(note, "position", "new_path")
            span = _span(note, source, told)
            drafts.append(placed(source, body, path, span, published, told))
            account = inner(note, "author", "username")
            accounts += [account] if isinstance(account, str) else []
    account = one_account(accounts, faults)
    return Reading(tuple(drafts), None, None, tuple(told), tuple(faults), account=account)


def _notes(items: Iterator[object]) -> Iterator[object]:
    for item in items:
        notes = item.get("notes") if isinstance(item, dict) else None
        yield from notes if isinstance(notes, list) else [item]


def _span(note: dict[str, object], source: str, told: list[Told]) -> Span:
    line = inner(note, "position", "new_line")
    if line is None and inner(note, "position", "old_line") is not None:
        told.append(Told(source, "stands on a deleted line; read as on the file"))
    ends = [inner(note, "position", "line_range", end, "new_line") for end in ("start", "end")]
    return (ends[0], ends[1]) if None not in ends else (None, line)
