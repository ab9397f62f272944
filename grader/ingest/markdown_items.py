"""Markdown to remarks: which lines belong together, and which place stands before them."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from grader.ingest.draft import Draft
from grader.ingest.escapes import unguard_markdown
from grader.ingest.places import Place, Prefix, read_prefix

_HEADING = re.compile(r" {0,3}(#{1,6})(?=\s|$)(.*)")
_HEADING_ENDS = re.compile(r"(?<=\s)#+$")
_BULLET = re.compile(r"(\s*)((?:[-*+]|[0-9]{1,9}[.)])\s+)(\S.*)")
_RULE = re.compile(r" {0,3}([-*_])\s*(?:\1\s*){2,}")
_FENCE_OPENS = re.compile(r"(?:^|\s)(```+|~~~+)[\w+-]{0,20}\s*$")
_FENCE_CLOSES = re.compile(r"\s*(`{3,}|~{3,})\s*")
_LAST_PLACE = re.compile(r"(.*\S)\s*[(\[]([^()\[\]]{1,100})[)\]]")
# A shorter heading ("Findings") sorts; a longer one says something.
_TITLE_WORDS = 3


@dataclass
class Item:
    """One remark while it is collected. ``kind``: section (under a heading), item, paragraph."""

    kind: str
    place: Place
    number: int
    tags: dict[str, str] = field(default_factory=dict)
    indent: int = 0
    explicit: bool = False
    lines: list[str] = field(default_factory=list)

    def draft(self) -> Draft:
        """Return the remark."""
        return self.place.draft(f"line {self.number}", "\n".join(self.lines), self.tags)


def items(lines: Sequence[str], first: int = 1) -> list[Item]:
    """Return the remarks in their order; ``first`` is the number of the first line."""
    collector = _Collector()
    fenced = _inside_fences(lines)
    for number, line in enumerate(lines):
        collector.take(line, first + number, number in fenced)
    collector.close()
    return [item for item in collector.done if "".join(item.lines).strip()]


def _inside_fences(lines: Sequence[str]) -> set[int]:
    """Return the lines after an opening fence, to its closing one; a fence left open is text."""
    closers: dict[str, list[int]] = {"`": [], "~": []}
    for number, line in enumerate(lines):
        match = _FENCE_CLOSES.fullmatch(line)
        if match:
            closers[match[1][0]].append(number)
    inside: set[int] = set()
    end = -1
    for number, line in enumerate(lines):
        match = _FENCE_OPENS.search(line) if number > end else None
        if match is None:
            continue
        ends = closers[match[1][0]]
        after = bisect_right(ends, number)
        if after < len(ends):
            end = ends[after]
            inside.update(range(number + 1, end + 1))
    return inside


class _Collector:
    """Takes line after line; ``done`` holds the finished remarks."""

    def __init__(self) -> None:
        self.done: list[Item] = []
        self._open: Item | None = None
        self._around: list[Item] = []
        self._context = Place()
        self._title = ""
        self._after_blank = True

    def take(self, line: str, number: int, fenced: bool) -> None:
        """Take the next line."""
        if fenced:
            self._append(line, number, raw=True)
        elif not line.strip():
            self._blank()
        elif heading := _HEADING.fullmatch(line):
            self._heading(
                len(heading[1]), _HEADING_ENDS.sub("", heading[2].rstrip()).strip(), number
            )
        elif _RULE.fullmatch(line):
            self.close()
        elif bullet := _BULLET.fullmatch(line):
            self._bullet(bullet, number)
        else:
            self._plain(line, number)
        self._after_blank = not line.strip()

    def close(self) -> None:
        """Finish the remark at hand."""
        if self._open is not None:
            self.done.append(self._open)
        self._open = None

    def _start(
        self, kind: str, number: int, prefix: Prefix | None, indent: int = 0, left: int = 0
    ) -> Item:
        """Open a remark at the place before it, else at the place of the heading above.

        An item whose bullet stands at column ``left`` lies within the file and cell of the items
        whose text starts there or further left.
        """
        self.close()
        self._around = [item for item in self._around if 0 < item.indent <= left]
        around = self._around[-1].place if self._around else self._context
        if prefix is None:
            item = Item(kind, self._context, number, indent=indent)
            item.explicit = self._context != Place()
        else:
            place = prefix.place.within(around)
            item = Item(kind, place, number, prefix.tags, indent, explicit=True)
        if self._title and prefix is None:
            item.lines.append(self._title)
        self._title = ""
        self._open = item
        self._around.append(item)
        return item

    def _append(self, line: str, number: int, raw: bool = False) -> None:
        item = self._open or self._start("paragraph", number, None)
        line = _dedented(line, item.indent)
        item.lines.append(line if raw else unguard_markdown(line))

    def _blank(self) -> None:
        if self._open and self._open.kind == "paragraph":
            self.close()
        elif self._open:
            self._open.lines.append("")

    def _heading(self, level: int, content: str, number: int) -> None:
        self._finish_title(number)
        prefix = read_prefix(content, bare_numbers=True) or _last_place(content)
        if prefix is None:
            self._context = Place()
            self._title = content if level > 1 and len(content.split()) >= _TITLE_WORDS else ""
            return
        self._context = prefix.place
        if prefix.place.line or prefix.rest:
            item = self._start("section", number, prefix)
            if prefix.rest:
                item.lines.append(prefix.rest)

    def _finish_title(self, number: int) -> None:
        """A heading with nothing under it is a remark of its own."""
        self.close()
        if self._title:
            self._start("paragraph", number, None)
            self.close()

    def _bullet(self, match: re.Match[str], number: int) -> None:
        indent, content = len(match[1]), match[3]
        nested = (
            self._open is not None and self._open.kind == "item" and (indent >= self._open.indent)
        )
        prefix = read_prefix(content, bare_numbers=True)
        inside = nested or (self._open is not None and self._open.kind == "section")
        if inside and not (prefix and prefix.separated):
            self._append(match[0], number)
            return
        item = self._start("item", number, prefix, indent + len(match[2]), indent)
        item.lines.append(unguard_markdown(prefix.rest if prefix else content))

    def _plain(self, line: str, number: int) -> None:
        if self._open is not None:
            indented = line[0] in " \t"
            prefix = None if indented else read_prefix(line)
            left = self._open.kind == "item" and self._after_blank and not indented
            if not left and not (prefix and prefix.separated):
                self._append(line, number)
                return
        prefix = read_prefix(line.strip())
        item = self._start("paragraph", number, prefix)
        item.lines.append(unguard_markdown(prefix.rest if prefix else line))


def _last_place(content: str) -> Prefix | None:
    """Read 'Scaler sees the test rows (program.py:12)'."""
    match = _LAST_PLACE.fullmatch(content)
    prefix = read_prefix(match[2]) if match else None
    if match is None or prefix is None or not prefix.separated or prefix.rest:
        return None
    return prefix._replace(rest=match[1])


def _dedented(line: str, indent: int) -> str:
    """Take the indentation of the item away, as far as it is there."""
    blanks = len(line) - len(line.lstrip(" "))
    if blanks == 0 and indent and line.startswith("\t"):
        return line[1:]
    return line[min(blanks, indent) :]
