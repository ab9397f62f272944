"""The numbers that the text model reads: counts of words, word pairs and pieces of words.

All arithmetic is on integers, so a text has the same features on every machine and in any batch.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import log

import numpy as np
from scipy import sparse

from grader.match.concepts import Reading
from grader.match.words import open_up, stem, stems, tokens

ONE = 1 << 10
MAX_TOKENS = 400
_RULE_STEPS = (4, 6)
_TYPE = np.dtype(np.int32)
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
        self._words: dict[str, bytes] = {}
        self._marks: dict[str, bytes] = {}
        self._pairs: dict[tuple[str, str], int] = {}
        for feature, column in index.items():
            first, _, second = feature[2:].partition(" ")
            if feature.startswith("w:") and second:
                self._pairs[first, second] = column

    def read(self, texts: Iterable[tuple[str, Reading]]) -> sparse.csr_matrix:
        """Return one sparse row of int64 for each folded text and its reading."""
        return self._rows([self._columns(text, reading) for text, reading in texts])

    def rows(self, texts: Iterable[Sequence[str]]) -> sparse.csr_matrix:
        """Return one sparse row of int64 for each list of features."""
        return self._rows([self._known(text) for text in texts])

    def _columns(self, text: str, reading: Reading) -> bytes:
        """Return the columns of a text's features, one after the other, as ``_TYPE``."""
        kept = self._words
        words = tokens(open_up(text))[:MAX_TOKENS]
        inside = [kept.get(word) or self._inside(word) for word in words]
        pair = self._pairs.get
        stemmed = ("^", *stems(text)[:MAX_TOKENS], "$")
        found = [column for two in pairwise(stemmed) if (column := pair(two)) is not None]
        inside.append(np.array(found, _TYPE).tobytes())
        inside.extend(map(self._mark, marks(text, reading)))
        return b"".join(inside)

    def _inside(self, word: str) -> bytes:
        """Return the columns of a word and its pieces, and keep them."""
        found = self._known(within_word(word))
        if len(self._words) < 50_000:
            self._words[word] = found
        return found

    def _mark(self, name: str) -> bytes:
        column = self._marks.get(name)
        if column is None:
            column = self._marks[name] = self._known([name])
        return column

    def _known(self, names: Iterable[str]) -> bytes:
        found = (self._index.get(name) for name in names)
        return np.array([column for column in found if column is not None], _TYPE).tobytes()

    def _rows(self, columns: Sequence[bytes]) -> sparse.csr_matrix:
        width = len(self._idf)
        sizes = np.array([len(found) // _TYPE.itemsize for found in columns], np.int64)
        starts = np.concatenate([[0], np.cumsum(sizes)])
        where = np.frombuffer(b"".join(columns), _TYPE).copy()
        ones = np.ones(len(where), np.int64)
        rows = sparse.csr_matrix((ones, where, starts), shape=(len(columns), width))
        rows.sum_duplicates()
        counts = np.minimum(rows.data, len(_DAMPED) - 1)
        values = _DAMPED[counts] * self._idf[rows.indices] // ONE
        sums = np.concatenate([[0], np.cumsum(values * values)])
        squares = sums[rows.indptr[1:]] - sums[rows.indptr[:-1]]
        lengths = np.maximum(1, np.floor(np.sqrt(squares.astype(np.float64))).astype(np.int64))
        rows.data = values * ONE // np.repeat(lengths, np.diff(rows.indptr))
        return rows
