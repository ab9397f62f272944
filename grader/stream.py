"""The keyed random stream: every random choice of the product comes from here.

A stream is HMAC-SHA256(secret, label || counter), read four bytes at a time. The same secret and
label give the same choices on every machine and Python version; different labels are independent,
so a new choice in one place does not move the choices made elsewhere.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
SECRET_BYTES = 32


def derive(secret: bytes, label: str) -> bytes:
    """Return a 32-byte sub-secret; the parent cannot be found from it."""
    return hmac.new(secret, b"derive\x00" + label.encode(), hashlib.sha256).digest()


class Stream:
    """A source of choices that is fully given by a secret and a label.

    Args:
        secret: at least 16 bytes; 32 for anything that is published.
        label: what the choices are for, e.g. ``"plan"``.
    """

    def __init__(self, secret: bytes, label: str) -> None:
        self._secret = secret
        self._label = label
        self._counter = 0
        self._words: list[int] = []

    def child(self, label: str) -> "Stream":
        """Return an independent stream for one part of the work."""
        return Stream(self._secret, f"{self._label}/{label}")

    def _word(self) -> int:
        if not self._words:
            message = f"{self._label}\x00{self._counter}".encode()
            block = hmac.new(self._secret, message, hashlib.sha256).digest()
            self._counter += 1
            self._words = [int.from_bytes(block[i : i + 4], "big") for i in range(0, 32, 4)]
            self._words.reverse()
        return self._words.pop()

    def below(self, n: int) -> int:
        """Return a whole number in ``0 .. n-1``, each as likely (by rejection).

        Raises:
            ValueError: if ``n`` is not in ``1 .. 2**32``.
        """
        if not 1 <= n <= 2**32:
            raise ValueError(f"n must be in 1 .. 2**32, not {n}")
        limit = 2**32 - 2**32 % n
        while (word := self._word()) >= limit:
            pass
        return word % n

    def between(self, low: int, high: int) -> int:
        """Return a whole number in ``low .. high``, both ends included."""
        return low + self.below(high - low + 1)

    def chance(self, percent: int) -> bool:
        """Return True in ``percent`` of 100 cases."""
        return self.below(100) < percent

    def choice(self, items: Sequence[T]) -> T:
        """Return one of ``items``, each as likely."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the items in a random order (Fisher-Yates)."""
        result = list(items)
        for i in range(len(result) - 1, 0, -1):
            j = self.below(i + 1)
            result[i], result[j] = result[j], result[i]
        return result

    def sample(self, items: Sequence[T], k: int) -> list[T]:
        """Return ``k`` different items in a random order; all of them if there are fewer."""
        return self.shuffled(items)[:k]

    def weighted(self, items: Sequence[T], weights: Sequence[int]) -> T:
        """Return one of ``items`` with a chance proportional to its whole-number weight."""
        point = self.below(sum(weights))
        for item, weight in zip(items, weights, strict=True):
            if point < weight:
                return item
            point -= weight
        raise AssertionError("unreachable: the point lies below the sum of the weights")

    def name(self, length: int, alphabet: str = "23456789abcdefghjkmnpqrstvwxyz") -> str:
        """Return a random name; the default alphabet has no look-alike letters."""
        return "".join(self.choice(alphabet) for _ in range(length))
