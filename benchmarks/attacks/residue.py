"""The scan of published bytes for what only the key may say, and for traces of the machine."""

import base64
import getpass
import hashlib
import re
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from grader import catalog
from grader.generate.build import Made

_WORDS = re.compile(
    rb"\b(decoys?|seeded|answer[ _-]?keys?|flaws?|planted|catalogue|near[ _]miss)\b"
)
_IDS = re.compile(rb"\b(MLR|MLD)\d{3}\b")
_SHORT = 6


def residue(made: Made, clean: bytes = b"") -> list[str]:
    """Return every find in the published files of an exercise, as ``file: what``.

    ``clean`` are texts that no flaw was sown into; what they say too gives nothing away.
    """
    needles = [n for n in (*_of_key(made), *_of_catalogue(), *_of_machine()) if n not in clean]
    today = [n for n in _of_this_hour() if n not in clean]
    return [
        f"{name}: {found.decode('utf-8', 'replace')}"
        for name, data in made.files.items()
        for found in (
            *_words(data, clean),
            *(n for n in needles if n in data),
            # Tables hold every day of a year or two, today's too; that they do not follow the
            # clock is seen by building twice.
            *(n for n in today if n in data and not name.startswith("data/")),
        )
    ]


def _words(data: bytes, clean: bytes) -> Iterator[bytes]:
    """Yield tell-tale words that the clean texts do not use."""
    for pattern in (_WORDS, _IDS):
        yield from (m for m in {f.group() for f in pattern.finditer(data)} if m not in clean)


def _of_key(made: Made) -> Iterator[bytes]:
    """Yield the secret in its spellings, and the hashes that would tell a guess from the truth."""
    secret = bytes.fromhex(made.key.secret)
    yield from (secret, secret.hex().encode(), secret.hex().upper().encode())
    yield from (base64.b64encode(secret), base64.urlsafe_b64encode(secret), secret[::-1])
    yield from (secret.hex()[:16].encode(), str(int.from_bytes(secret, "big")).encode())
    yield from _hashes(made.key.canonical())


def _hashes(data: bytes) -> Iterator[bytes]:
    for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
        digest = hashlib.new(name, data).digest()
        yield from (digest.hex().encode(), base64.b64encode(digest))


def _of_catalogue() -> Iterator[bytes]:
    """Yield the names, ids and titles of all kinds and decoys."""
    bugs = [b.entry for b in catalog.bugs().values()]
    decoys = [d.entry for d in catalog.decoys().values()]
    names = [(e.name, e.id, e.title) for e in bugs] + [(e.name, e.id, e.title) for e in decoys]
    for name, number, title in names:
        yield from (name.encode(), number.encode(), title.encode())
        yield name.replace("_", "-").encode()


def _of_machine() -> Iterator[bytes]:
    """Yield what only this machine has: folders and names."""
    folders = (
        Path.home(),
        Path.cwd(),
        Path(__file__).parents[2],
        sys.prefix,
        tempfile.gettempdir(),
    )
    names = {str(folder) for folder in folders} | {socket.gethostname(), getpass.getuser()}
    yield from (name.encode() for name in sorted(names) if len(name) >= _SHORT)


def _of_this_hour() -> Iterator[bytes]:
    """Yield what only this hour has: today's date in its spellings."""
    now = time.time()
    for moment in (time.gmtime(now), time.localtime(now)):
        yield time.strftime("%Y-%m-%d", moment).encode()
        yield time.strftime("%d %b %Y", moment).encode()
    yield str(int(now))[:7].encode()


def clean_texts(name: str) -> bytes:
    """Return what a scenario says before anything is sown: its program, its brief, its variants."""
    from grader.scenarios import library

    folder = Path(library.__file__).parent / name
    return b"\n".join(p.read_bytes() for p in sorted(folder.glob("*")) if p.is_file())
