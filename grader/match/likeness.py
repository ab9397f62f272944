"""How alike two texts are in their telling words; words that are in every remark count nothing."""

from collections.abc import Iterable, Mapping
from math import isqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from grader.match.words import stems

_RARE = 6 * 1024  # idf of a word that the corpus does not know
_COMMON = 2 * 1024  # words with a lower idf tell nothing


class Words(NamedTuple):
    """The telling words of a text with their weights, and the root of the sum of squares."""

    weights: Mapping[str, int]
    length: int


def weigh(text: str, idf: Mapping[str, int]) -> Words:
    """Return the telling words of a folded text."""
    weights = {}
    for word in sorted(set(stems(text))):
        weight = (idf.get(word, _RARE) - _COMMON) // 16
        if weight > 0:
            weights[word] = weight
    return Words(weights, isqrt(sum(w * w for w in weights.values())) or 1)


class TextIndex:
    """All texts of a key, found by the words they hold.

    Args:
        idf: how telling each word is, in 1/1024.
    """

    def __init__(self, idf: Mapping[str, int]) -> None:
        self._idf = idf
        self._found: dict[str, list[tuple[int, int]]] = {}
        self._arrays: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
        self._lengths: list[int] = []

    def add(self, texts: Iterable[str]) -> range:
        """Take folded texts in and return their numbers."""
        start = len(self._lengths)
        for text in texts:
            words = weigh(text, self._idf)
            for word, weight in words.weights.items():
                self._found.setdefault(word, []).append((len(self._lengths), weight))
            self._lengths.append(words.length)
        return range(start, len(self._lengths))

    def likeness(self, text: str) -> list[int]:
        """Return the cosine with every text over the telling words, in thousandths."""
        words = weigh(text, self._idf)
        products = np.zeros(len(self._lengths), np.int64)
        for word, weight in words.weights.items():
            found = self._postings(word)
            if found is not None:
                products[found[0]] += weight * found[1]
        lengths = np.array(self._lengths, np.int64) * words.length
        likeness: list[int] = np.minimum(1000, 1000 * products // lengths).tolist()
        return likeness

    def _postings(self, word: str) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Return which texts hold a word, each once, and its weight there."""
        if word not in self._found:
            return None
        known = self._arrays.get(word)
        if known is None or len(known[0]) != len(self._found[word]):
            numbers, weights = zip(*self._found[word], strict=True)
            known = np.array(numbers, np.int64), np.array(weights, np.int64)
            self._arrays[word] = known
        return known


def telling(text: str, idf: Mapping[str, int]) -> frozenset[str]:
    """Return the telling words of a folded text as a set."""
    return frozenset(weigh(text, idf).weights)
