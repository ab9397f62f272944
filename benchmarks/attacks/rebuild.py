"""The same secret in another process, hash seed, locale and time zone: the same bytes."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from attacks.exercises import made

_ROOT = Path(__file__).parents[2]
_PLACES = (
    {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Kathmandu"},
    {"PYTHONHASHSEED": "4242", "LC_ALL": "C.UTF-8", "TZ": "America/St_Johns"},
)
_PROGRAM = """
import locale
from contextlib import suppress
with suppress(locale.Error):
    locale.setlocale(locale.LC_ALL, "")
from attacks.rebuild import digests
print(*digests({numbers}), sep="\\n")
"""
FORMATS = ("script", "notebook")


def digests(numbers: Sequence[int]) -> list[str]:
    """Return one hash for each exercise: over its files by name, its key and its clean twin."""
    return [_digest(number) for number in numbers]


def unlike(numbers: Sequence[int]) -> list[str]:
    """Return the exercises that come out otherwise in another process, one sentence each."""
    here = digests(numbers)
    return [
        f"exercise {number} is other under {place}"
        for place in _PLACES
        for number, mine, theirs in zip(numbers, here, elsewhere(numbers, place), strict=True)
        if mine != theirs
    ]


def elsewhere(numbers: Sequence[int], place: dict[str, str]) -> list[str]:
    """Return the hashes that a fresh process finds in other surroundings."""
    paths = os.pathsep.join((str(_ROOT), str(_ROOT / "benchmarks")))
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(numbers=list(numbers))],
        env={**os.environ, **place, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def _digest(number: int) -> str:
    exercise = made(number, FORMATS)
    parts = [(name.encode(), data) for name, data in exercise.files.items()]
    parts += [(b"key", exercise.key.canonical()), (b"clean", exercise.clean.encode())]
    total = hashlib.sha256()
    for name, data in parts:
        total.update(b"%d %d " % (len(name), len(data)) + name + data)
    return total.hexdigest()
