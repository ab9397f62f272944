"""A blind reader: what a careful engineer flags who has nothing but what a candidate receives.

``readings.json`` holds, for exercises of the bank and for exercises made by number (``made/N``),
the lines that were flagged. They were made by language models, each of which was given program and
brief of some exercises, was told to look at nothing else, and was asked for every real fault and
for nothing that is merely odd. The bank's keys are public, and lay on the same machine: that
nobody looked is their word. Of the exercises made by number no key lay anywhere. A reading of a
program that has changed since is left out.
"""

import json
from pathlib import Path

from attacks.exercises import Target, made, target_of
from attacks.score import Guess
from grader.files import sha256
from grader.keyring import read_key

KEYS = Path(__file__).parents[2] / "answer_keys"
MADE = "made/"
READINGS = Path(__file__).with_name("readings.json")


def readings() -> list[tuple[Target, list[Guess]]]:
    """Return the exercises that were read as they stand, and what was flagged."""
    read = json.loads(READINGS.read_text("utf-8"))
    keys = {path.stem: read_key(path) for path in sorted(KEYS.glob("*.json"))}
    for name in sorted(read):
        if name.startswith(MADE):
            keys[name] = made(int(name.removeprefix(MADE))).key
    found = []
    for name, key in keys.items():
        one = read.get(name)
        if one is not None and one["program_sha256"] == sha256(key.program.encode()):
            found.append((target_of(key), [(start, end) for start, end in one["flagged"]]))
    return found
