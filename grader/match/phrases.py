"""The wordings of ``phrases.toml``, compiled."""

import re
import tomllib
from functools import cache
from pathlib import Path


@cache
def _tables() -> dict[str, dict[str, list[str] | str]]:
    path = Path(__file__).with_name("phrases.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def pattern(table: str, name: str) -> re.Pattern[str]:
    """Return the regular expression of that name, for text in lower case."""
    return re.compile("".join(_tables()[table][name]))


def needs(table: str, name: str) -> tuple[str, ...]:
    """Return pieces of text, one of which is in every match of a pattern (``NAME_needs``)."""
    return tuple(_tables()[table][f"{name}_needs"])


def word_list(name: str) -> frozenset[str]:
    """Return the list of words of that name."""
    return frozenset("".join(_tables()["words"][name]).split())
