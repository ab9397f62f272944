"""How alike two texts are in their telling words; words that are in every remark count nothing."""

from collections.abc import Iterable, Mapping
from math import isqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from grader.match.words import stems

_RARE = 6 * 1024  # idf of a word that the corpus does not know
_COMMON = 2 * 1024  # words with a lower idf tell nothing


Table = NDArray[np.int64]


class Words(NamedTuple):
    """The telling words of a text with their weights, and the root of the sum of squares."""

    weights: Mapping[str, int]
    length: int


def weigh(text: str, idf: Mapping[str, int]) -> Words:
    """Return the telling words of a folded text."""
    weights = {}
    for word in dict.fromkeys(stems(text)):
        weight = (idf.get(word, _RARE) - _COMMON) // 16
        if weight > 0:
            weights[word] = weight
    return Words(weights, isqrt(sum(w * w for w in weights.values())) or 1)


class TextIndex:
    """Texts in groups, compared with others by the telling words they hold.

    Args:
        idf: how telling each word is, in 1/1024.
    """

    def __init__(self, idf: Mapping[str, int]) -> None:
        self._idf = idf
        self._texts: list[Words] = []
        self._starts: list[int] = []
        self._rows: dict[str, int] = {}
        self._table = np.zeros((0, 0), np.int32)
        self._lengths = np.zeros(0, np.int64)

    def add(self, texts: Iterable[str]) -> int:
        """Take a group of folded texts in and return its number; an empty one is like nothing."""
        self._starts.append(len(self._texts))
        self._texts.extend(weigh(text, self._idf) for text in texts)
        if self._starts[-1] == len(self._texts):
            self._texts.append(weigh("", self._idf))
        return len(self._starts) - 1

    def likeness(self, texts: Iterable[str]) -> Table:
        """Return the cosine of each folded text (a row) with every text here, in thousandths."""
        if len(self._lengths) != len(self._texts):
            self._lay_out()
        words = [weigh(text, self._idf) for text in texts]
        shared = [[w for w in one.weights if w in self._rows] for one in words]
        weights = [one.weights[w] for one, known in zip(words, shared, strict=True) for w in known]
        rows = [self._rows[w] for known in shared for w in known]
        starts = np.cumsum([0, *map(len, shared)])
        said = sparse.csr_matrix(
            (np.array(weights, np.int64), np.array(rows, np.int64), starts),
            shape=(len(words), len(self._rows)),
        )
        lengths = np.array([one.length for one in words], np.int64)[:, None] * self._lengths
        made: Table = np.minimum(1000, 1000 * (said @ self._table) // lengths)
        return made

    def nearest(self, texts: Iterable[str]) -> Table:
        """Return the highest likeness of each text (a row) with each group (a column)."""
        likeness = self.likeness(texts)
        if not self._starts:
            return likeness
        made: Table = np.maximum.reduceat(likeness, self._starts, axis=1)
        return made

    def _lay_out(self) -> None:
        """Make the table of weights, a row for each word and a column for each text."""
        known = dict.fromkeys(word for text in self._texts for word in text.weights)
        self._rows = {word: row for row, word in enumerate(known)}
        self._table = np.zeros((len(known), len(self._texts)), np.int32)
        for column, text in enumerate(self._texts):
            for word, weight in text.weights.items():
                self._table[self._rows[word], column] = weight
        self._lengths = np.array([text.length for text in self._texts], np.int64)


def telling(text: str, idf: Mapping[str, int]) -> frozenset[str]:
    """Return the telling words of a folded text as a set."""
    return frozenset(weigh(text, idf).weights)
