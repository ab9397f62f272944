"""Keys are kept from candidates: exchanged, committed to, and beside no exercise."""

import stat
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from attacks.swap import differences
from grader.bank import publish, tracked_by_git
from grader.cli.main import cli
from grader.commitment import commitment, nonce, opens
from grader.errors import OutputError


def test_exchanged_keys_change_no_byte_that_a_candidate_sees(pair, tmp_path: Path) -> None:
    assert differences(*pair, tmp_path) == []


def test_a_key_is_for_its_owner_only(pair, tmp_path: Path) -> None:
    publish(pair[0], tmp_path / "exercises", tmp_path / "keys")
    (key,) = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.parametrize("keys", ["exercises", "exercises/keys"])
def test_a_key_is_never_written_beside_the_exercise(pair, tmp_path: Path, keys: str) -> None:
    with pytest.raises(OutputError, match="must not lie under the exercises"):
        publish(pair[0], tmp_path / "exercises", tmp_path / keys)
    assert not (tmp_path / "exercises").exists()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "keys").mkdir()
    return tmp_path


@pytest.mark.parametrize("ignored", ["keys/", "keys/*", "*.json"])
def test_ignored_keys_draw_no_warning(repository: Path, ignored: str) -> None:
    assert tracked_by_git(repository / "keys")
    (repository / ".gitignore").write_text(f"{ignored}\n")
    assert not tracked_by_git(repository / "keys")


def test_keys_in_a_repository_that_git_refuses_are_noticed(repository: Path) -> None:
    (repository / ".gitignore").write_text("keys/\n")
    (repository / ".git" / "HEAD").write_text("damaged")
    assert tracked_by_git(repository / "keys")


def test_keys_in_a_repository_on_a_machine_without_git_are_noticed(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert tracked_by_git(repository / "keys")


def test_exercises_are_never_written_into_the_folder_of_the_keys(pair, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="must not lie under the keys"):
        publish(pair[0], tmp_path / "work" / "exercises", tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_a_key_that_was_committed_before_it_was_ignored_is_noticed(repository: Path) -> None:
    (repository / "keys" / "a.json").write_text("{}")
    subprocess.run(["git", "-C", str(repository), "add", "keys/a.json"], check=True)
    (repository / ".gitignore").write_text("keys/\n")
    assert tracked_by_git(repository / "keys")


def generated(home: Path) -> Result:
    call = ["generate", "--scenario", "churn", "--demo-seed", "1", "--no-run"]
    places = ["--out", str(home / "exercises"), "--keys", str(home / "keys")]
    return CliRunner().invoke(cli, [*call, *places])


def test_the_command_warns_of_keys_in_git(repository: Path) -> None:
    done = generated(repository)
    assert done.exit_code == 0
    assert "a commit would publish the keys" in done.stderr
    (repository / ".gitignore").write_text("keys/\n")
    assert generated(repository).stderr == ""


def test_a_commitment_is_opened_by_its_key_alone(small_key) -> None:
    committed = commitment(small_key)
    changed = small_key.model_copy(update={"title": small_key.title + "."})
    assert opens(small_key, committed)
    assert not opens(changed, committed)


def test_a_commitment_cannot_be_tried_without_the_secret(small_key) -> None:
    """All else being equal, another secret gives another nonce of 32 bytes."""
    other = small_key.model_copy(update={"secret": "11" * 32})
    assert len(nonce(small_key)) == 32
    assert nonce(small_key) != nonce(other)
    assert nonce(small_key).hex() not in small_key.canonical().decode()
