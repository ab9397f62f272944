"""Blind linters: what tools find whose authors had published programs and nothing else.

Two authors (language models, apart from each other) were given the 24 programs of the bank without
keys, were told to look at nothing else, and wrote each a linter within half an hour. ``blind.json``
holds what the two linters flag in exercises made by number, which neither author had seen: the
tools themselves are not published, as they would serve nobody but cheaters. Programs that have
changed since are left out.
"""

import json
from functools import cache
from pathlib import Path

from attacks.exercises import Target
from attacks.score import Guess
from grader.files import sha256

FLAGGED = Path(__file__).with_name("blind.json")
AUTHORS = ("first", "second")


@cache
def _flagged() -> dict[str, dict[str, list[Guess]]]:
    stored = json.loads(FLAGGED.read_text("utf-8"))
    return {
        program: {
            author: [(int(start), int(end)) for start, end in spans]
            for author, spans in one.items()
        }
        for program, one in stored.items()
    }


def is_known(target: Target) -> bool:
    """Tell whether the linters were run on this very program."""
    return sha256(target.program.encode()) in _flagged()


def guesses(target: Target, author: str) -> list[Guess]:
    """Return what the linter of an author flags in a program that is known."""
    return _flagged()[sha256(target.program.encode())][author]
