"""A second reader made of any embedder: the flaw whose texts lie nearest to the comment."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from grader.second.contract import Asked, Suggestion

Encode = Callable[[Sequence[str]], ArrayLike]
"""Texts in, one row of numbers a text out, such as ``encode`` of a sentence transformer."""


class NearestReader:
    """Suggests the nearest flaw by cosine.

    Args:
        encode: the embedder.
        name: how it is called beside its suggestions.
        least: the cosine, -1 to 1, from which the nearest flaw is suggested.
    """

    def __init__(self, encode: Encode, name: str = "embedder", least: float = 0.5) -> None:
        self.name = name
        self._encode = encode
        self._least = least

    def suggest(self, asked: Sequence[Asked]) -> list[Suggestion | None]:
        """Return one suggestion a comment; None if no flaw lies near enough."""
        return [self._one(one) for one in asked]

    def _one(self, asked: Asked) -> Suggestion | None:
        if not asked.choices:
            return None
        texts = [asked.comment, *(f"{c.title}. {c.wrong}" for c in asked.choices)]
        rows = np.asarray(self._encode(texts), dtype=np.float64)
        lengths = np.linalg.norm(rows, axis=1)
        cosines = rows[1:] @ rows[0] / np.maximum(lengths[1:] * lengths[0], 1e-12)
        best = int(cosines.argmax())
        if cosines[best] < self._least:
            return None
        return Suggestion(asked.choices[best].item, f"cosine {cosines[best]:.2f}")
