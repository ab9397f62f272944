"""The wordings of ``phrases.toml``, compiled.

Most sentences hold nothing of most wordings. So a wording may have words (``NAME_words``) or pieces
of text (``NAME_pieces``) of which every match holds one: where there is none, no search is made.
"""

import re
import tomllib
from collections.abc import Collection
from functools import cache
from pathlib import Path


@cache
def _tables() -> dict[str, dict[str, list[str] | str]]:
    path = Path(__file__).with_name("phrases.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def pattern(table: str, name: str) -> re.Pattern[str]:
    """Return the regular expression of that name, for text in lower case."""
    return re.compile("".join(_tables()[table][name]))


class Wording:
    """A regular expression for clauses, tried only where one of its words stands.

    Args:
        name: how it is called in the table ``claim``.
    """

    def __init__(self, name: str) -> None:
        self.pattern = pattern("claim", name)
        self.words = frozenset("".join(_tables()["claim"][f"{name}_words"]).split())

    def search(self, clause: str, words: Collection[str]) -> re.Match[str] | None:
        """Return the first match in a clause of these words."""
        return None if self.words.isdisjoint(words) else self.pattern.search(clause)


class Passage:
    """A regular expression for whole texts, tried only where one of its pieces stands.

    Args:
        table: where it stands.
        name: how it is called there.
    """

    def __init__(self, table: str, name: str) -> None:
        self.pattern = pattern(table, name)
        self.pieces = tuple(_tables()[table][f"{name}_pieces"])

    def is_in(self, text: str) -> bool:
        """Tell whether it stands in a text."""
        lowered = text.lower()
        for piece in self.pieces:
            if piece in lowered:
                return bool(self.pattern.search(text))
        return False


def word_list(name: str) -> frozenset[str]:
    """Return the list of words of that name."""
    return frozenset("".join(_tables()["words"][name]).split())
