"""Laying a program out as the formatter prints it, one top-level statement at a time.

The formatter takes a tenth of a second for a program. A statement that it has laid out before is
not given to it again; how many blank lines stand between statements it tells by a program of
stand-ins, which is short. The result is to the letter what it makes of the whole program.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import black
from black.mode import TargetVersion
from black.parsing import InvalidInput

from seeded_bugs.syntax.whole import cut

MODE = black.Mode(line_length=100, target_versions={TargetVersion.PY311})
_STAND_INS = (
    (re.compile(r'"""'), '"""{name}"""\n'),
    (re.compile(r"@"), "@d\ndef {name}():\n    x\n"),
    (re.compile(r"(async )?def .*:\n"), "def {name}():\n    x\n"),
    (re.compile(r"class .*:\n"), "class {name}:\n    x\n"),
    (re.compile(r"(import|from)\b"), "import {name}\n"),
    (re.compile(r"(if|for|while|with|try)\b.*:\n"), "if {name}:\n    x\n"),
    (re.compile(r"\w[^:\n]*="), "{name} = 1\n"),
    (re.compile(r"[a-z][\w.]*\("), "{name}()\n"),
)
_STUB = re.compile(r":\s*\.\.\.\s*$", re.MULTILINE)
_OFF = re.compile(r"# *(fmt|yapf): *")


def lay_out(text: str) -> str:
    """Return the program as the formatter prints it; its tree stays the same.

    Raises:
        ValueError: if the text does not parse.
    """
    pieces = [] if _OFF.search(text) else [_parted(piece) for piece in cut(text)]
    stand_ins = [_stand_in(n, body) for n, (_, body, _) in enumerate(pieces)]
    if "" in stand_ins or not pieces:
        return _formatted(text)
    try:
        bodies = [_formatted(body) for _, body, _ in pieces]
    except ValueError:
        # A string with text at the margin was cut; the formatter must see it whole.
        return _formatted(text)
    short = "".join(
        above + stand_in + below
        for (above, _, below), stand_in in zip(pieces, stand_ins, strict=True)
    )
    return _filled(_formatted(short), stand_ins, bodies)


def _parted(piece: str) -> tuple[str, str, str]:
    """Return what stands above a statement, the statement, and what stands below the last one."""
    lines = piece.splitlines(keepends=True)
    start, end = 0, len(lines)
    while start < end and lines[start][0] in "#\n":
        start += 1
    while end > start and lines[end - 1][0] in "#\n":
        end -= 1
    return "".join(lines[:start]), "".join(lines[start:end]), "".join(lines[end:])


def _stand_in(number: int, body: str) -> str:
    """Return a short statement of the same sort; empty for a sort that has none."""
    for pattern, stand_in in _STAND_INS:
        if pattern.match(body) and not _STUB.search(body):
            return stand_in.format(name=f"stand_in_{number}")
    return ""


def _filled(short: str, stand_ins: Sequence[str], bodies: Sequence[str]) -> str:
    """Return the formatted program of stand-ins with the statements in their places."""
    parts = []
    for stand_in, body in zip(stand_ins, bodies, strict=True):
        between, found, short = short.partition(stand_in)
        assert found, "the formatter leaves a stand-in as it is"
        parts += [between, body]
    return "".join([*parts, short])


@lru_cache(maxsize=2048)
def _formatted(text: str) -> str:
    try:
        return str(black.format_str(text, mode=MODE))
    except InvalidInput as error:
        raise ValueError(f"the program does not parse: {error}") from error
