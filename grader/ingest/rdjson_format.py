"""Diagnostics of reviewdog: one result with a list (rdjson), or one diagnostic a line (rdjsonl).

The format: https://github.com/reviewdog/reviewdog/tree/master/proto/rdf
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from grader.ingest import limits
from grader.ingest.draft import Reading, RefusedError
from grader.ingest.hosted import Found, Span, flat, inner
from grader.ingest.published import Published
from grader.ingest.strict_json import load_many

_SEVERITIES = {
    "ERROR": "critical",
    "WARNING": "major",
    "INFO": "minor",
    "1": "critical",
    "2": "major",
    "3": "minor",
}


def read(text: str, published: Published | None) -> Reading:
    """Read the diagnostics. A code that names a category counts as the category picked.

    Raises:
        RefusedError: if the text is no JSON, or holds too many diagnostics.
    """
    items = list(_diagnostics(flat(load_many(text))))
    refused = limits.too_many_comments(len(items))
    if refused:
        raise RefusedError(*refused)
    found = Found(published)
    for number, item in enumerate(items, 1):
        source = f"diagnostic {number}"
        message = item.get("message") if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(message, str):
            found.faults.append(f"{source}: has no text 'message'; add it")
            continue
        draft = found.place(source, message, inner(item, "location", "path"), _span(item))
        found.drafts[-1] = replace(draft, category=_category(item), severity=_severity(item))
    return found.reading()


def _diagnostics(items: Iterable[object]) -> Iterator[object]:
    for item in items:
        inside = item.get("diagnostics") if isinstance(item, dict) else None
        yield from inside if isinstance(inside, list) else [item]


def _span(item: dict[str, object]) -> Span:
    """Return first and last line; an end at column 1 is the end of the line above."""
    start, end = (inner(item, "location", "range", name, "line") for name in ("start", "end"))
    column = inner(item, "location", "range", "end", "column")
    if isinstance(start, int) and isinstance(end, int) and column == 1 and end > start:
        end -= 1
    return start, end


def _category(item: dict[str, object]) -> str | None:
    code = inner(item, "code", "value")
    return code if isinstance(code, str) else None


def _severity(item: dict[str, object]) -> str | None:
    return _SEVERITIES.get(str(item.get("severity")))
