"""The search for a short seed: what was derived from one can be found by deriving all."""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator

from grader.bank import demo_secret
from grader.stream import Stream, derive

_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
_FIRST = b"exercise/id\x000"
LABELS = ("exercise/0/0", "demo/0", "bank/0")

SECRETS: tuple[Callable[[int], bytes], ...] = (
    lambda seed: demo_secret(seed).value,
    lambda seed: seed.to_bytes(32, "big"),
    lambda seed: seed.to_bytes(32, "little"),
    lambda seed: hashlib.sha256(str(seed).encode()).digest(),
    lambda seed: hashlib.sha256(seed.to_bytes(8, "big")).digest(),
)
"""How somebody with the source would make a master secret of a short seed."""


def public_id(secret: bytes) -> str:
    """Return the id of the exercise of this secret, without making the exercise."""
    return Stream(secret, "exercise").child("id").name(10)


def seeds_of(wanted: str, among: Iterable[int]) -> list[int]:
    """Return the seeds from which an exercise with this id would come."""
    return [seed for seed in among if any(_gives(s, wanted) for s in _secrets(seed))]


def _secrets(seed: int) -> Iterator[bytes]:
    """Yield each master secret as it is, and its sub-secrets under the labels of the product."""
    for master in SECRETS:
        value = master(seed)
        yield value
        for label in LABELS:
            yield derive(value, label)


def _gives(secret: bytes, wanted: str) -> bool:
    """Tell whether the id comes out; its first letter alone refuses most secrets."""
    block = hmac.digest(secret, _FIRST, "sha256")
    letter = int.from_bytes(block[:4], "big") % len(_LETTERS)
    return _LETTERS[letter] == wanted[0] and public_id(secret) == wanted
