"""The numbers that the text model reads: counts of words, word pairs and pieces of words.

All arithmetic is on integers, so a text has the same features on every machine and in any batch.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import log

import numpy as np
from scipy import sparse

from grader.match.concepts import Reading
from grader.match.words import open_up, stem, tokens

ONE = 1 << 10
MAX_TOKENS = 400
_RULE_STEPS = (4, 6)
# 1 + ln(count) in 1/1024: a word said ten times counts three times, not ten.
_DAMPED = np.array([0, *(round(ONE * (1 + log(n))) for n in range(1, 1 << 10))], np.int64)


def word_features(words: Sequence[str]) -> list[str]:
    """Return pairs of neighbouring stems, marked ``w:``, the ends of the text marked too."""
    stemmed = ["^", *map(stem, words), "$"]
    return [f"w:{a} {b}" for a, b in pairwise(stemmed)]


def within_word(word: str) -> list[str]:
    """Return the stem of a word, marked ``w:``, and its pieces of 3 to 5 characters."""
    padded = f" {word} "
    pieces = [padded[i : i + size] for size in (3, 4, 5) for i in range(len(padded) - size + 1)]
    return [f"w:{stem(word)}", *pieces]


def marks(text: str, reading: Reading) -> list[str]:
    """Return what the patterns see: groups ``g:``, rules that fired ``r:``, signs ``s:``."""
    found = ["s:?"] if "?" in text else []
    found.extend(f"g:{group}" for group in sorted(reading.groups))
    for name, weight in (*reading.labels.items(), *reading.kinds.items()):
        found.extend(f"r:{step} {name}" for step in _RULE_STEPS if weight >= step)
    return found


def features(text: str, reading: Reading) -> list[str]:
    """Return all features of a folded text and of what the patterns see in it."""
    words = tokens(open_up(text))[:MAX_TOKENS]
    inside = [feature for word in words for feature in within_word(word)]
    return [*inside, *word_features(words), *marks(text, reading)]


class Vectoriser:
    """Turns features into rows of whole numbers, each row of length about 1024.

    Args:
        index: the column of each known feature.
        idf: how telling each feature is, in 1/1024, by column.
    """

    def __init__(self, index: Mapping[str, int], idf: Sequence[int]) -> None:
        self._index = index
        self._idf = np.array(idf, np.int64)
        self._words: dict[str, list[int]] = {}

    def read(self, texts: Iterable[tuple[str, Reading]]) -> sparse.csr_matrix:
        """Return one sparse row of int64 for each folded text and its reading."""
        return self._rows([self._columns(text, reading) for text, reading in texts])

    def rows(self, texts: Iterable[Sequence[str]]) -> sparse.csr_matrix:
        """Return one sparse row of int64 for each list of features."""
        return self._rows([[self._index.get(feature, -1) for feature in text] for text in texts])

    def _columns(self, text: str, reading: Reading) -> list[int]:
        words = tokens(open_up(text))[:MAX_TOKENS]
        columns: list[int] = []
        for word in words:
            columns.extend(self._inside(word))
        get = self._index.get
        columns.extend(get(name, -1) for name in word_features(words))
        columns.extend(get(name, -1) for name in marks(text, reading))
        return columns

    def _inside(self, word: str) -> list[int]:
        known = self._words.get(word)
        if known is None:
            found = (self._index.get(feature) for feature in within_word(word))
            known = [column for column in found if column is not None]
            if len(self._words) < 50_000:
                self._words[word] = known
        return known

    def _rows(self, columns: Sequence[Sequence[int]]) -> sparse.csr_matrix:
        width = len(self._idf)
        flat = [
            row * width + column
            for row, found in enumerate(columns)
            for column in found
            if column >= 0
        ]
        cells, counts = np.unique(np.array(flat, np.int64), return_counts=True)
        rows, where = np.divmod(cells, width)
        values = _DAMPED[np.minimum(counts, len(_DAMPED) - 1)] * self._idf[where] // ONE
        starts = np.searchsorted(rows, np.arange(len(columns) + 1))
        sums = np.concatenate([[0], np.cumsum(values * values)])
        squares = sums[starts[1:]] - sums[starts[:-1]]
        lengths = np.maximum(1, np.floor(np.sqrt(squares.astype(np.float64))).astype(np.int64))
        data = values * ONE // lengths[rows]
        return sparse.csr_matrix((data, where, starts), shape=(len(columns), width))
