"""Published bytes say nothing that only the key may say."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest

from attacks.exercises import made
from attacks.residue import clean_texts, residue
from grader import catalog
from grader.commitment import commitment
from grader.files import sha256
from grader.generate.build import Made
from grader.scenarios.library import scenario_names


def with_text(exercise: Made, text: str) -> Made:
    """Return the exercise with some words more in its brief."""
    brief = exercise.files["brief.md"] + text.encode()
    return replace(exercise, files={**exercise.files, "brief.md": brief})


def finds(exercise: Made) -> list[str]:
    return residue(exercise, clean_texts(exercise.key.scenario))


def test_fresh_exercises_hold_no_residue(pair) -> None:
    assert [finds(exercise) for exercise in pair] == [[], []]


def test_no_hash_of_the_key_is_published(pair) -> None:
    """A hash without a nonce would tell a guessed key from a wrong one."""
    for exercise in pair:
        hashes = {sha256(exercise.key.canonical()), commitment(exercise.key)}
        assert not any(h.encode() in data for data in exercise.files.values() for h in hashes)


@pytest.mark.parametrize("what", ["name", "id", "title", "word", "secret", "base64", "home"])
def test_the_scan_finds_what_is_there(pair, what: str) -> None:
    exercise = pair[0]
    entry = catalog.bugs()[exercise.key.items[0].kind].entry
    secret = exercise.key.secret
    texts = {
        "name": entry.name,
        "id": entry.id,
        "title": entry.title,
        "word": "a decoy here",
        "secret": secret,
        "base64": base64.b64encode(bytes.fromhex(secret)).decode(),
        "home": str(Path(__file__).parents[2]),
    }
    found = finds(with_text(exercise, f"\n{texts[what]}\n"))
    assert found
    assert all(find.startswith("brief.md: ") for find in found)


@pytest.mark.slow
def test_no_scenario_leaves_residue() -> None:
    exercises = [made(number, ("script", "notebook")) for number in range(len(scenario_names()))]
    assert [find for exercise in exercises for find in finds(exercise)] == []
