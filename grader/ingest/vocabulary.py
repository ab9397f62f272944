"""The words a candidate may use for category, area and severity, in any case and spelling."""

import re
from typing import get_args

from grader.records.submission import Area
from seeded_bugs.words import CATEGORIES, SEVERITIES

_BLANKS = re.compile(r"[\s_-]+")
_SEVERITY_ALIASES = {
    "high": "critical",
    "blocker": "critical",
    "medium": "major",
    "warning": "major",
    "low": "minor",
    "nit": "minor",
    "info": "minor",
}


def _plain(word: str) -> str:
    return _BLANKS.sub("-", word.strip().casefold()).replace("-and-", "-&-")


_CATEGORIES: dict[str, str] = {_plain(word): word for word in (*CATEGORIES, "style")}
_AREAS: dict[str, str] = {_plain(word): word for word in get_args(Area)}
_SEVERITIES: dict[str, str] = {word: word for word in SEVERITIES} | _SEVERITY_ALIASES

_WORDS = {"category": _CATEGORIES, "area": _AREAS, "severity": _SEVERITIES}


def known(field: str, word: str) -> str | None:
    """Return the one spelling of ``word`` in ``field`` (category, area, severity), or None."""
    return _WORDS[field].get(_plain(word))


def choices(field: str) -> str:
    """Return the words of ``field`` for a message."""
    return ", ".join(dict.fromkeys(_WORDS[field].values()))


def sorted_tags(tags: str) -> dict[str, str] | None:
    """Return what ``critical, leakage, area=data`` says by field; None if a word is unknown."""
    found: dict[str, str] = {}
    for tag in tags.split(","):
        name, equals, word = tag.partition("=")
        fields = [name.strip().casefold()] if equals else ["severity", "category", "area"]
        word = word if equals else tag
        field = next((f for f in fields if f in _WORDS and known(f, word)), None)
        if field is None or field in found:
            return None
        found[field] = known(field, word) or ""
    return found
