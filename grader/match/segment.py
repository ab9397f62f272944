"""One remark cut into the findings that it lists.

Each item of a list is a finding of its own at the remark's place; so is what comes after "Also" or
"another problem". Everything else is one finding, however long it is.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

_BULLET = re.compile(r"^\s*(?:[-*+]\s+|\(?\d{1,2}[.):]\s+|\(?[a-h][.)]\s+)(?=\S)")
_INLINE = re.compile(r"(?:^|(?<=\s))\(?(\d{1,2})[.)]\s+(?=[A-Za-z])")
_NUMBERED = re.compile(r"\d[.)]\s")  # what every such number holds, found fast
# A full stop, a line end, a semicolon, or a face made of signs ends a sentence.
_SENTENCE = re.compile(
    r"(?<=[.!?])[\s\"')]+(?=\S)|\n+|\s+;\s+|;\s+|(?<=[:;]\))\s+|(?<=[:;]\()\s+|(?<=:D)\s+"
)
# The same in a text without line ends, semicolons and faces, where only stops end a sentence.
_OTHER_END = re.compile(r"[\n;:]")
_STOP = re.compile(r"[.!?][\s\"')]+(?=\S)")
_DOTTED = re.compile(r"\b(e\.g|i\.e|etc|vs|cf|resp|approx|incl)\.\s", re.IGNORECASE)
_DOTTED_PIECES = ("e.g.", "i.e.", "etc.", "vs.", "cf.", "resp.", "approx.", "incl.")
_ALSO = re.compile(
    r"^(?:also\b|another (?:problem|issue|thing|point|flaw|bug)|second(?:ly)?\b(?! time)|"
    r"additionally\b|furthermore\b|moreover\b|in addition\b|on top of that\b|separately\b|"
    r"besides\b|unrelated\b|different (?:issue|problem)|and another)",
    re.IGNORECASE,
)
MAX_ITEMS = 60


class Unit(NamedTuple):
    """One finding: its sentences, and whether it stood in a list."""

    sentences: tuple[str, ...]
    itemised: bool

    @property
    def text(self) -> str:
        """Return the whole finding, every sentence ended by a sign."""
        return " ".join(s if s[-1:] in ".!?:,;" else f"{s}." for s in self.sentences)


def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a text; each written line ends one."""
    safe, lowered = text, text.lower()
    if any(piece in lowered for piece in _DOTTED_PIECES):
        safe = _DOTTED.sub(lambda m: m.group(1).replace(".", "") + " ", text)
    parts = _SENTENCE.split(safe) if _OTHER_END.search(safe) else _split_at_stops(safe)
    return tuple(part.strip() for part in parts if part.strip(" .,"))


def _split_at_stops(text: str) -> list[str]:
    parts, start = [], 0
    for stop in _STOP.finditer(text):
        parts.append(text[start : stop.start() + 1])
        start = stop.end()
    return [*parts, text[start:]]


def units(claim: str) -> tuple[Unit, ...]:
    """Return the findings of a plain remark; at least one, even of an empty text."""
    items = _items(claim)
    if len(items) >= 2:
        return tuple(Unit(sentences(item), True) for item in items[:MAX_ITEMS])
    said = sentences(_without_bullet(claim))
    at = next((i for i, s in enumerate(said) if i and _ALSO.match(s)), None)
    if at is None:
        return (Unit(said, False),)
    return (Unit(said[:at], False), Unit(said[at:], False))


def _items(claim: str) -> list[str]:
    """Return the items of a list, a leading sentence before it counted as one."""
    lines = claim.split("\n")
    if sum(bool(_BULLET.match(line)) for line in lines) >= 2:
        items: list[list[str]] = []
        for line in lines:
            if _BULLET.match(line) or not items:
                items.append([])
            items[-1].append(_without_bullet(line))
        return [text for item in items if (text := "\n".join(item).strip())]
    return _inline_items(claim)


def _without_bullet(text: str) -> str:
    bullet = _BULLET.match(text)
    return text[bullet.end() :] if bullet else text


def _inline_items(claim: str) -> list[str]:
    if len(_NUMBERED.findall(claim)) < 2:
        return []
    marks = list(_INLINE.finditer(claim))
    if len(marks) < 2 or [int(m.group(1)) for m in marks] != _counting(marks):
        return []
    ends = [*(m.start() for m in marks[1:]), len(claim)]
    intro = claim[: marks[0].start()].strip()
    items = [claim[m.end() : end].strip() for m, end in zip(marks, ends, strict=True)]
    return [text for text in [intro, *items] if text]


def _counting(marks: Sequence[re.Match[str]]) -> list[int]:
    return list(range(1, len(marks) + 1))
