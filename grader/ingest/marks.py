"""``# REVIEW: …`` in code: which lines are remarks, and the code that is left without them.

The text is looked at line by line and never parsed as Python: it is the candidate's.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from grader.ingest.escapes import unguard
from grader.ingest.places import Place, read_prefix
from grader.ingest.vocabulary import sorted_tags

_MARK = re.compile(r"(?<!#)#++\s{0,8}(?:code\s)?review(?:er)?\b", re.IGNORECASE)
_TAGS = re.compile(r"\s?[(\[]([^()\[\]]{0,80})[)\]]")
_SEPARATOR = re.compile(r"\s?[:–—-]+")
_TRIED_HASHES = 5


@dataclass
class Remark:
    """One remark in code. ``at``: the kept line it stands before (own) or on (trailing)."""

    number: int
    own: bool
    at: int
    lines: list[str]
    place: Place | None = None
    tags: dict[str, str] = field(default_factory=dict)
    marked: bool = True

    @property
    def text(self) -> str:
        """The remark as one text."""
        return "\n".join(self.lines)


@dataclass
class Sorted:
    """Code and remarks apart. ``code`` holds (number in the submission, line)."""

    code: list[tuple[int, str]] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


def sort_lines(lines: Sequence[str], published: Collection[str]) -> Sorted:
    """Take the remarks out of ``lines``; ``published`` holds the published lines, stripped.

    A published line is never a remark, even when it says REVIEW.
    """
    found = Sorted()
    block: Remark | None = None
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if stripped in published or not stripped:
            found.code.append((number, line))
            block = None
            continue
        remark = _marked(line, number, len(found.code), published)
        if remark and block and _continues(remark, block):
            block.lines += remark.lines
        elif remark:
            found.remarks.append(remark)
            block = remark
            if not remark.own:
                found.code.append((number, line[: _code_end(line, published)]))
        elif block and stripped.startswith("#"):
            block.lines.append(uncommented(stripped, published))
        else:
            block = None
            found.code.append((number, line))
    return found


def _continues(remark: Remark, block: Remark) -> bool:
    """Tell whether a marked line goes on with the block above it, rather than start anew."""
    bare = remark.own and remark.place is None and not remark.tags
    return bare and block.own and block.marked


def special(text: str, published: Collection[str]) -> bool:
    """Tell whether a further line of a remark would be read as something else."""
    line = f"# {text}".strip()
    return line in published or _code_end(line, published) is not None


def uncommented(line: str, published: Collection[str]) -> str:
    """Return the text of a comment line: without ``#`` and one blank."""
    text = line.removeprefix("#").removeprefix(" ")
    return unguard(text, partial(special, published=published))


def _marked(line: str, number: int, at: int, published: Collection[str]) -> Remark | None:
    """Return the remark that starts on this line."""
    end = _code_end(line, published)
    if end is None:
        return None
    own = not line[:end].strip()
    mark = _MARK.match(line, end)
    if mark is None:
        text = uncommented(line[end:].strip(), published)
        return Remark(number, own, at, [text], marked=False)
    place, tags, text = head(line[mark.end() :].rstrip())
    return Remark(number, own, at, [text], place, tags)


def _code_end(line: str, published: Collection[str]) -> int | None:
    """Return where the remark of a line begins; None without one.

    The mark that leaves a published line before it wins over an earlier one in its text. A mark
    inside another comment is text of that comment. A plain comment counts only behind a
    published line.
    """
    first = None
    for match in islice(_MARK.finditer(line), _TRIED_HASHES):
        first = match.start() if first is None else first
        if line[: match.start()].strip() in published:
            return match.start()
    if first is not None and (not line[:first].strip() or line.lstrip()[0] != "#"):
        return first
    start = -1
    for _ in range(_TRIED_HASHES):
        start = line.find("#", start + 1)
        if start < 0:
            return None
        if line[:start].strip() in published:
            return start
    return None


def head(text: str) -> tuple[Place | None, dict[str, str], str]:
    """Read what follows the mark: ``(critical) L12-14: the remark``."""
    match = _TAGS.match(text)
    tags = sorted_tags(match[1]) if match else None
    if match and (tags is not None or _SEPARATOR.match(text, match.end())):
        # A name or date in brackets is no part of the remark.
        text = text[match.end() :]
    separator = _SEPARATOR.match(text)
    text = text[separator.end() :].strip() if separator else text.strip()
    prefix = read_prefix(text)
    if prefix is None or not prefix.separated:
        return None, tags or {}, text
    return prefix.place, (tags or {}) | prefix.tags, prefix.rest
