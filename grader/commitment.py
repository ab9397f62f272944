"""The commitment to an answer key: fixes it before the reviews come in, and tells nothing of it.

The commitment is SHA-256(nonce || canonical key). Whoever has only the commitment cannot try keys
against it, as the nonce has 32 secret bytes; whoever later gets the key can see that it is the one
that was committed to. The nonce comes from the exercise's secret, which the key holds, so the key
alone opens its commitment.
"""

import hmac

from grader.files import sha256
from grader.records.key import AnswerKey
from grader.stream import derive


def commitment(key: AnswerKey) -> str:
    """Return the commitment to a key, 64 hex digits."""
    return sha256(nonce(key) + key.canonical())


def nonce(key: AnswerKey) -> bytes:
    """Return the 32 bytes that blind the commitment; the secret cannot be found from them."""
    return derive(bytes.fromhex(key.secret), "key commitment")


def opens(key: AnswerKey, committed: str) -> bool:
    """Tell whether this is the key that was committed to."""
    return hmac.compare_digest(commitment(key), committed)
