"""Candidates' text is data: characters that hide or act are shown by their names instead."""

import re
import unicodedata

from markupsafe import Markup, escape

# Soft hyphen, Arabic letter mark, zero-width space, bidi marks, separators, embeddings, isolates,
# word joiner, byte order mark, interlinear marks and tag characters. Joiners (U+200C, U+200D)
# are left alone: scripts and emoji need them.
_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_BREAKS = re.compile(r"[\t\n]")


def visible_text(text: str, keep: str = "") -> str:
    """Return ``text`` with each hidden or acting character as ``[U+XXXX]``, for a terminal.

    Tabs and line ends become spaces unless they stand in ``keep``.
    """
    named = _ACTING.sub(lambda match: f"[{_name(match[0])}]", text)
    return _BREAKS.sub(lambda match: match[0] if match[0] in keep else " ", named)


def visible(text: str) -> Markup:
    """Return ``text`` escaped for HTML, hidden and acting characters marked and named."""
    parts, last = [], 0
    for match in _ACTING.finditer(text):
        parts.append(escape(text[last : match.start()]))
        parts.append(_marked(match[0]))
        last = match.end()
    return Markup("").join([*parts, escape(text[last:])])


def _marked(character: str) -> Markup:
    title = unicodedata.name(character, "control character").lower()
    return Markup('<span class="hidden-char" title="{}">{}</span>').format(title, _name(character))


def _name(character: str) -> str:
    return "ESC" if character == "\x1b" else f"U+{ord(character):04X}"
