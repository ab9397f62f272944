"""Comments as Markdown: headings that name a place, list items, or plain paragraphs."""

import re
from collections.abc import Sequence

from grader.ingest import limits
from grader.ingest.columns import WHOLE
from grader.ingest.draft import Reading, RefusedError
from grader.ingest.markdown_items import items
from grader.ingest.published import Published
from grader.spans import split_lines

_FRONT = re.compile(r"\s{0,3}[*_]{0,2}(exercise|candidate)\s?:[*_]{0,2}(.*)", re.IGNORECASE)
_FENCE = "---"


def read(text: str, published: Published | None) -> Reading:
    """Read a Markdown submission; text without a place is a general comment.

    Raises:
        RefusedError: if there are too many comments.
    """
    lines = split_lines(text)
    refused = limits.too_many_lines(lines)
    if refused:
        raise RefusedError(*refused)
    start, whole = _front_matter(lines)
    drafts = tuple(item.draft() for item in items(lines[start:], start + 1))
    refused = limits.too_many_comments(len(drafts))
    if refused:
        raise RefusedError(*refused)
    return Reading(drafts, whole.get("exercise"), whole.get("candidate"))


def _front_matter(lines: Sequence[str]) -> tuple[int, dict[str, str]]:
    """Return how many lines ``exercise: …`` and ``candidate: …`` take at the top, and their values.

    Lines of dashes around them belong to them.
    """
    whole: dict[str, str] = {}
    used = 0
    for number, line in enumerate(lines):
        match = _FRONT.fullmatch(line)
        if match and match[1].casefold() in WHOLE:
            whole[match[1].casefold()] = match[2].strip()
        elif line.strip() and line.strip() != _FENCE:
            break
        used = number + 1
        if line.strip() == _FENCE and whole:
            break
    return (used, whole) if whole else (0, {})
