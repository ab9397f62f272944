"""A blind reader: what a careful engineer flags who has nothing but what a candidate receives.

``readings.json`` holds, for exercises of the bank, the lines that were flagged. They were made by
language models, each of which was given the published files of a part of the bank, was told to
look at nothing else, and was asked for every real fault and for nothing that is merely odd. The
bank's keys are public, and lay on the same machine: that nobody looked is their word. A reading of
a program that has changed since is left out.
"""

import json
from pathlib import Path

from attacks.exercises import Target, target_of
from attacks.score import Guess
from grader.files import sha256
from grader.keyring import read_key

KEYS = Path(__file__).parents[2] / "answer_keys"
READINGS = Path(__file__).with_name("readings.json")


def readings() -> list[tuple[Target, list[Guess]]]:
    """Return the exercises of the bank that were read as they stand, and what was flagged."""
    read = json.loads(READINGS.read_text("utf-8"))
    found = []
    for path in sorted(KEYS.glob("*.json")):
        key = read_key(path)
        one = read.get(key.exercise)
        if one is not None and one["program_sha256"] == sha256(key.program.encode()):
            found.append((target_of(key), [(start, end) for start, end in one["flagged"]]))
    return found
