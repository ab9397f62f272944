"""Whether a remark is in English, told from its small words and its script."""

import tomllib
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path


@cache
def _small_words() -> dict[str, frozenset[str]]:
    path = Path(__file__).with_name("language.toml")
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: frozenset(words.split()) for name, words in tables.items()}


def is_other_script(text: str) -> bool:
    """Tell whether a text is mostly written in letters that are not Latin."""
    if text.isascii():
        return False
    letters = [c for c in text if c.isalpha()]
    foreign = sum(not unicodedata.name(c, "").startswith("LATIN") for c in letters)
    return foreign >= 4 and foreign * 3 > len(letters)


def is_foreign(text: str, words: Sequence[str]) -> bool:
    """Tell whether a remark is in another language than English.

    Args:
        text: the folded remark.
        words: its tokens in lower case, endings kept.
    """
    if is_other_script(text):
        return True
    english = sum(word in _small_words()["english"] for word in words)
    best = max(
        sum(word in small and word not in _small_words()["english"] for word in words)
        for name, small in _small_words().items()
        if name != "english"
    )
    return best >= 2 and best > english
