"""Drafts to comments: fields checked one by one, every fault and notice with its place."""

import re
from dataclasses import dataclass, field

from grader.ingest import limits
from grader.ingest.draft import Draft, Reading
from grader.ingest.locate import Located, locate_cell, locate_file
from grader.ingest.published import Published
from grader.ingest.text import has_control, shown, tidy
from grader.ingest.vocabulary import choices, known
from grader.records.submission import Comment, Notice

MAX_LINE_NUMBER = 1_000_000
# pandas writes whole numbers with ".0" when a column has gaps.
_LINES = re.compile(
    r"(?:lines?|ln|l)?\.?\s?#?([0-9]{1,7})(?:\.0{1,6})?"
    r"(?:\s?(?:-|–|—|\.\.|to|:)\s?l?([0-9]{1,7})(?:\.0{1,6})?)?",
    re.IGNORECASE,
)
_NOT_POSITIVE = re.compile(r"-\s?[0-9]{1,20}(?:\.0{1,6})?")


@dataclass
class Settled:
    """What came of the drafts; grows while they are read."""

    comments: list[Comment] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def settle(reading: Reading, published: Published | None) -> Settled:
    """Check every remark of a reading against the published files, if they are at hand."""
    settled = Settled(
        notices=[Notice(source=n.source, message=n.message) for n in reading.notices],
        faults=list(reading.faults),
    )
    for draft in reading.drafts:
        _One(draft, published, reading.strict, settled).add()
    return settled


class _One:
    """One remark on its way to a comment."""

    def __init__(
        self, draft: Draft, published: Published | None, strict: bool, settled: Settled
    ) -> None:
        self._draft, self._published, self._strict = draft, published, strict
        self._settled = settled

    def add(self) -> None:
        draft = self._draft
        text = tidy(draft.text)
        if not text:
            self._notice("no text, left out")
            return
        if has_control(draft.text):
            self._notice("control characters were taken out")
        found = limits.too_long_comment(draft.source, text)
        for name in ("file", "cell", "line", "end_line", "category", "area", "severity"):
            value = getattr(draft, name)
            found += limits.too_long_field(draft.source, name, value) if value else []
        if found:
            self._settled.faults += found
            return
        span = self._span()
        place = self._place(span)
        self._settled.comments.append(
            Comment(
                text=text,
                **place._asdict(),
                category=self._word("category", draft.category),
                area=self._word("area", draft.area),
                severity=self._word("severity", draft.severity),
                source=draft.source,
            )
        )

    def _notice(self, message: str) -> None:
        self._settled.notices.append(Notice(source=self._draft.source, message=message))

    def _wrong(self, message: str) -> None:
        """Tell what is wrong with the place: a fault in a field, a notice in prose."""
        if self._strict:
            self._settled.faults.append(f"{self._draft.source}: {message}")
        else:
            self._notice(f"{message}; read without that place")

    def _word(self, name: str, value: str | None) -> str | None:
        if not value or not value.strip():
            return None
        word = known(name, value)
        if word is None:
            self._notice(f"{name}: {shown(value)} is unknown, left out; known: {choices(name)}")
        return word

    def _span(self) -> tuple[int | None, int | None]:
        """Return line and end_line as numbers, in order; end_line None for one line."""
        first, last = self._numbers("line", self._draft.line)
        end, end_last = self._numbers("end_line", self._draft.end_line)
        line, end = first or end, end_last or end or last
        if line and end and end < line:
            self._notice(f"end_line {end} is before line {line}, swapped")
            line, end = end, line
        return line, None if end == line else end

    def _numbers(self, name: str, value: str | None) -> tuple[int | None, int | None]:
        """Read ``12``, ``L12``, ``12-14``; tell what is no line number."""
        value = value.strip() if value else ""
        if not value:
            return None, None
        match = _LINES.fullmatch(value)
        numbers = [int(n) for n in match.groups() if n] if match else []
        if any(n == 0 for n in numbers) or _NOT_POSITIVE.fullmatch(value):
            self._wrong(f"{name}: {shown(value)} is no line; lines count from 1")
        elif any(n > MAX_LINE_NUMBER for n in numbers):
            self._wrong(f"{name}: {shown(value)} is above {MAX_LINE_NUMBER:,}; write a line number")
        elif not numbers:
            self._wrong(
                f"{name}: {shown(value)} is not a line number; write a whole number such as 12"
            )
        else:
            return numbers[0], numbers[1] if len(numbers) > 1 else None
        return None, None

    def _place(self, span: tuple[int | None, int | None]) -> Located:
        """Return the place on the published files; wrong parts are told and dropped."""
        draft, published = self._draft, self._published
        line, end = span
        cell, wrong = locate_cell(draft.cell, published)
        for message in wrong:
            self._wrong(message)
        in_notebook = cell is not None or bool(wrong)
        file, wrong = locate_file(draft.file, published, in_notebook, line is not None)
        for message in wrong:
            self._wrong(message)
        place = Located(file, cell, line, end)
        for message in place.faults(published):
            self._wrong(message)
            place = Located(file, cell if file and file.endswith(".ipynb") else None)
        return place if place.file else Located()
