"""The conductor that makes and publishes, and the committed bank."""

import stat
import subprocess
from pathlib import Path

import pytest

from grader import bank
from grader.errors import OutputError, SecretError
from grader.generate.build import Made
from grader.generate.exercise import Wish
from grader.keyring import read_key
from grader.records.key import AnswerKey
from grader.scenarios.library import scenario_names

ROOT = Path(__file__).parent.parent
KEYS = sorted((ROOT / "answer_keys").glob("*.json"))


@pytest.fixture(scope="module")
def made() -> Made:
    wish = Wish(scenario="churn", level="junior")
    return bank.make_checked(bank.demo_secret(5), wish, "test", bank.unchecked).made


def test_the_key_is_private_and_apart(made: Made, tmp_path: Path) -> None:
    bank.publish(made, tmp_path / "e", tmp_path / "k")
    key = tmp_path / "k" / f"{made.exercise.id}.json"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert read_key(key) == made.key
    published = {
        p.relative_to(tmp_path / "e" / made.exercise.id).as_posix()
        for p in (tmp_path / "e").rglob("*")
        if p.is_file()
    }
    assert published == set(made.files)


@pytest.mark.parametrize("keys", ["e", "e/keys"])
def test_keys_under_the_exercises_are_refused(made: Made, tmp_path: Path, keys: str) -> None:
    with pytest.raises(OutputError, match="must not lie under"):
        bank.publish(made, tmp_path / "e", tmp_path / keys)
    assert not (tmp_path / "e").exists()


def test_another_exercise_is_never_overwritten(made: Made, tmp_path: Path) -> None:
    bank.publish(made, tmp_path / "e", tmp_path / "k")
    record = tmp_path / "e" / made.exercise.id / "exercise.json"
    record.write_text("{}")
    with pytest.raises(OutputError, match="another exercise"):
        bank.publish(made, tmp_path / "e", tmp_path / "k")


def test_a_secret_file_is_made_private_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    first = bank.secret_from_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert bank.secret_from_file(path) == first
    assert len(first.value) == 32


@pytest.mark.parametrize("text", ["", "xyz", "ab" * 8, "ab" * 33])
def test_a_damaged_secret_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secret"
    path.write_text(text)
    with pytest.raises(SecretError, match="64"):
        bank.secret_from_file(path)


def test_one_key_tells_nothing_about_its_siblings() -> None:
    """Sub-secrets are one-way: no key holds the master, and no two are alike."""
    master = bank.demo_secret(1)
    wish = Wish(scenario="churn")
    pair = [c.made for c in bank.make_many(master, wish, 2, bank.unchecked)]
    secrets = {made.key.secret for made in pair}
    assert len(secrets) == 2
    assert all(master.value.hex() not in made.key.canonical().decode() for made in pair)


def test_a_key_folder_that_git_would_commit_is_noticed(tmp_path: Path) -> None:
    assert not bank.tracked_by_git(tmp_path / "keys")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert bank.tracked_by_git(tmp_path / "keys")
    (tmp_path / ".gitignore").write_text("keys/\n")
    (tmp_path / "keys").mkdir()
    assert not bank.tracked_by_git(tmp_path / "keys")


@pytest.mark.parametrize("number", range(len(bank.bank_recipe())))
def test_the_committed_bank_is_remade_byte_for_byte(number: int) -> None:
    """Without running the proofs again: all but their evidence is made from the recipe."""
    entry = bank.bank_recipe()[number]
    remade = entry.made()
    home = ROOT / "exercises" / remade.exercise.id
    stored = {
        p.relative_to(home).as_posix(): p.read_bytes() for p in home.rglob("*") if p.is_file()
    }
    assert stored == remade.files
    key = read_key(ROOT / "answer_keys" / f"{remade.exercise.id}.json")
    assert without_evidence(key).canonical() == remade.key.canonical()


def without_evidence(key: AnswerKey) -> AnswerKey:
    """Return a key as it was before its proofs."""
    unproved = {"status": "unproved", "evidence": ""}
    items, decoys = (
        tuple(e.model_copy(update={"proof": e.proof.model_copy(update=unproved)}) for e in entries)
        for entries in (key.items, key.decoys)
    )
    return key.model_copy(update={"items": items, "decoys": decoys})


@pytest.mark.parametrize(
    "path", sorted((ROOT / "answer_keys").glob("*.json")), ids=lambda p: p.stem
)
def test_every_claim_of_the_bank_is_proved_and_says_what_was_seen(path: Path) -> None:
    key = read_key(path)
    proofs = [entry.proof for entry in (*key.items, *key.decoys)]
    assert {proof.status for proof in proofs} == {"proved"}
    assert all(len(proof.evidence) > 20 for proof in proofs)


def test_the_bank_holds_every_scenario_and_nothing_beside_its_recipe() -> None:
    recipe = bank.bank_recipe()
    assert {entry.scenario for entry in recipe} == set(scenario_names())
    assert {entry.level for entry in recipe} == {"junior", "mid", "senior"}
    folders = {p.name for p in (ROOT / "exercises").iterdir() if p.is_dir()}
    keys = {p.stem for p in (ROOT / "answer_keys").glob("*.json")}
    assert folders == keys
    assert len(keys) == len(recipe)
