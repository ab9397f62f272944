"""The numbers that the text model reads: counts of words, word pairs and pieces of words.

All arithmetic is on integers, so a text has the same features on every machine and in any batch.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import isqrt, log

import numpy as np
from scipy import sparse

from grader.match.concepts import Reading
from grader.match.words import open_up, stem, tokens

ONE = 1 << 10
MAX_TOKENS = 400
_RULE_STEPS = (4, 6)
# 1 + ln(count) in 1/1024: a word said ten times counts three times, not ten.
_DAMPED = tuple(0 if n == 0 else round(ONE * (1 + log(n))) for n in range(1 << 10))


def word_features(words: Sequence[str]) -> list[str]:
    """Return stems and pairs of neighbouring stems, marked ``w:``."""
    stemmed = ["^", *map(stem, words[:MAX_TOKENS]), "$"]
    single = [f"w:{word}" for word in stemmed[1:-1]]
    return single + [f"w:{a} {b}" for a, b in zip(stemmed, stemmed[1:], strict=False)]


def piece_features(words: Sequence[str]) -> list[str]:
    """Return pieces of 3 to 5 characters within words, word ends marked by a blank."""
    pieces: list[str] = []
    for word in words[:MAX_TOKENS]:
        padded = f" {word} "
        for size in (3, 4, 5):
            pieces.extend(padded[i : i + size] for i in range(len(padded) - size + 1))
    return pieces


def features(text: str, reading: Reading) -> list[str]:
    """Return all features of a folded text and of what the patterns see in it.

    Groups come in marked ``g:``, rules that fired ``r:`` with how strongly, signs ``s:``.
    """
    words = tokens(open_up(text))
    marks = ["s:?"] if "?" in text else []
    marks.extend(f"g:{group}" for group in sorted(reading.groups))
    for name, weight in (*reading.labels.items(), *reading.kinds.items()):
        marks.extend(f"r:{step} {name}" for step in _RULE_STEPS if weight >= step)
    return [*word_features(words), *piece_features(words), *marks]


class Vectoriser:
    """Turns features into rows of whole numbers, each row of length about 1024.

    Args:
        index: the column of each known feature.
        idf: how telling each feature is, in 1/1024, by column.
    """

    def __init__(self, index: Mapping[str, int], idf: Sequence[int]) -> None:
        self._index = index
        self._idf = tuple(idf)

    def rows(self, texts: Iterable[Sequence[str]]) -> sparse.csr_matrix:
        """Return one sparse row of int64 for each list of features."""
        data: list[int] = []
        columns: list[int] = []
        starts = [0]
        for found in texts:
            self._row(found, columns, data)
            starts.append(len(columns))
        shape = (len(starts) - 1, len(self._idf))
        arrays = (np.array(data, np.int64), np.array(columns, np.int32), np.array(starts, np.int32))
        return sparse.csr_matrix(arrays, shape=shape)

    def _row(self, found: Sequence[str], columns: list[int], data: list[int]) -> None:
        counts: dict[int, int] = {}
        index = self._index
        for feature in found:
            column = index.get(feature)
            if column is not None:
                counts[column] = counts.get(column, 0) + 1
        values = {c: _DAMPED[min(n, 1023)] * self._idf[c] // ONE for c, n in counts.items()}
        length = isqrt(sum(v * v for v in values.values())) or 1
        for column in sorted(values):
            columns.append(column)
            data.append(values[column] * ONE // length)
