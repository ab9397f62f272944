"""Places as people write them before a remark: ``program.py:12-14``, ``L12``, ``cell 3, line 4``.

Every pattern is anchored and bounded, so hostile text costs no more than honest text.
"""

import re
from typing import NamedTuple

from grader.ingest.draft import Draft
from grader.ingest.vocabulary import sorted_tags

_NUMBERS = r"[0-9]{1,7}(?:\s?(?:-|–|—|\.\.|to)\s?l?[0-9]{1,7})?(?![\w.]\d|\w)"
_LINES = rf"(?:lines?|ln\.?|l)\s?#?({_NUMBERS})"
_FILE = r"([\w./\\-]{1,200}\.(?:py|ipynb|md|csv|toml|txt|json|parquet))(?!\w)"
# An id holds a digit; without that rule 'cell output: …' would be a place.
_CELL = r"cell\s?#?((?=[\w-]{0,63}[0-9])[\w-]{1,64})"
_GLUE = r"(?:\s?[,:]\s?|\s(?:at\s|in\s)?)"
_IN_CELL = rf"{_CELL}(?:{_GLUE}{_LINES}|:({_NUMBERS}))?"
_PLACE = re.compile(
    rf"(?:{_FILE}(?:[:#]l?({_NUMBERS})|{_GLUE}{_LINES}|{_GLUE}{_IN_CELL})?"
    rf"|{_IN_CELL}|{_LINES}|({_NUMBERS})|(general|overall)\b)",
    re.IGNORECASE,
)
_OPENING = re.compile(r"[*_`\[(]{0,3}")
_CLOSING = re.compile(r"[*_`\])]{0,3}")
_TAGS = re.compile(r"\s?[(\[]([^()\[\]]{1,80})[)\]]")
_SEPARATOR = re.compile(r"\s?:(?=[\s*_]|$)|\s[-–—]+(?=\s|$)|\s?[–—]\s?|\s*$")
_RANGE = re.compile(r"([0-9]+)(?:\D+([0-9]+))?")
# 'L2 penalty …' is regularisation; only a written-out word may go without a separator.
_BY_WORD = re.compile(r"line|cell|[^\s:]+\.\w", re.IGNORECASE)
_ENCLOSED = re.compile(r"[*`\[(]")


class Place(NamedTuple):
    """A place as written. All None: the remark says of itself that it is general."""

    file: str | None = None
    cell: str | None = None
    line: str | None = None
    end_line: str | None = None

    def within(self, context: "Place") -> "Place":
        """Return the place with file and cell of ``context`` where it names none."""
        if self.file or self.cell or self.line is None:
            return self
        return self._replace(file=context.file, cell=context.cell)

    def draft(self, source: str, text: str, tags: dict[str, str]) -> Draft:
        """Return a remark that stands here."""
        return Draft(source, text, self.file, self.cell, self.line, self.end_line, **tags)


class Prefix(NamedTuple):
    """What stood before the remark, and the remark."""

    place: Place
    tags: dict[str, str]
    rest: str
    separated: bool


def read_prefix(text: str, bare_numbers: bool = False) -> Prefix | None:
    """Return the place at the start of ``text``; None when there is none.

    Without a separator after it ("Line 12 fits on all rows") the place is part of the sentence,
    so ``rest`` is the whole text. ``bare_numbers``: also read ``12-14: …``.
    """
    opening = _OPENING.match(text)
    start = opening.end() if opening else 0
    match = _PLACE.match(text, start)
    if match is None:
        return None
    place, bare = _place(match)
    end = _end(_CLOSING, text, match.end())
    tags, after_tags = _tags(text, end)
    separator = _SEPARATOR.match(text, after_tags)
    word = bool(place.file or place.cell or _BY_WORD.match(text, start))
    if separator is None:
        enclosed = end > match.end() and _ENCLOSED.match(text) is not None
        if enclosed and not bare and place != Place():
            return Prefix(place, tags, text[after_tags:].strip(), separated=True)
        return Prefix(place, {}, text, separated=False) if word else None
    if bare and not (bare_numbers and text[separator.start() : separator.end()].strip() == ":"):
        return None
    rest = text[separator.end() :]
    if end == match.end():
        # '**L12:** text' closes what it opened behind the colon.
        rest = rest.removeprefix(text[:start]) if text[:start] in ("**", "*", "__", "_") else rest
    return Prefix(place, tags, rest.strip(), separated=True)


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


def _tags(text: str, start: int) -> tuple[dict[str, str], int]:
    match = _TAGS.match(text, start)
    tags = sorted_tags(match[1]) if match else None
    return (tags, match.end()) if match and tags is not None else ({}, start)


def _place(match: re.Match[str]) -> tuple[Place, bool]:
    """Return the place a match names, and whether it is a bare number."""
    file, after_file, after_glue, *cells, lines, bare, _general = match.groups()
    cell = cells[0] or cells[3]
    numbers = (
        after_file
        or after_glue
        or next((n for n in (cells[1], cells[2], cells[4], cells[5], lines, bare) if n), None)
    )
    span = _RANGE.match(numbers) if numbers else None
    if span is None:
        return Place(file, cell), False
    return Place(file, cell, span[1], span[2]), bare is not None


def written(place: Place) -> str:
    """Return the place as ``read_prefix`` reads it."""
    if place == Place():
        return "general"
    numbers = place.line or ""
    if place.end_line:
        numbers += f"-{place.end_line}"
    if place.cell:
        parts = [place.file or "", f"cell {place.cell}", f"line {numbers}" if numbers else ""]
        return ", ".join(part for part in parts if part)
    if place.file:
        return f"{place.file}:{numbers}" if numbers else place.file
    return f"L{numbers}"
