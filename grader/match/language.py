"""Whether a remark is in English, told from its small words and its script."""

import tomllib
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path


@cache
def _foreign_words() -> frozenset[str]:
    return frozenset(word for word, names in _languages_of().items() if names != ("english",))


@cache
def _languages_of() -> dict[str, tuple[str, ...]]:
    """Return the languages of each small word; one that is English too counts as English."""
    path = Path(__file__).with_name("language.toml")
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    english = frozenset(tables["english"].split())
    languages: dict[str, tuple[str, ...]] = dict.fromkeys(english, ("english",))
    for name, words in tables.items():
        for word in words.split():
            if word not in english:
                languages[word] = (*languages.get(word, ()), name)
    return languages


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
    if len(_foreign_words().intersection(words)) < 2:
        return False
    counts: dict[str, int] = {}
    languages = _languages_of()
    for word in dict.fromkeys(words):
        for name in languages.get(word, ()):
            counts[name] = counts.get(name, 0) + 1
    english = counts.pop("english", 0)
    best = max(counts.values(), default=0)
    return best >= 2 and best > english and best * 6 >= len(words)
