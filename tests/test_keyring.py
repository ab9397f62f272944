"""Keys are checked before they are trusted."""

import pytest

from grader.errors import ExerciseError, KeyFileError
from grader.files import sha256
from grader.keyring import Keyring
from grader.records.exercise import Exercise, PublishedFile


@pytest.fixture
def published(tmp_path, small_key):
    """Write the exercise, and return what to put into the key."""
    program = small_key.program.encode()
    entry = PublishedFile(name="program.py", sha256=sha256(program), bytes=len(program))
    manifest = Exercise(id="churn-1", title="Churn", minutes=45, files=(entry,)).canonical()
    folder = tmp_path / "exercises" / "churn-1"
    folder.mkdir(parents=True)
    (folder / "program.py").write_bytes(program)
    (folder / "exercise.json").write_bytes(manifest)
    return folder


def test_a_key_comes_with_the_hash_of_its_canonical_form(keys, small_key):
    loaded = Keyring(keys).get("churn-1")
    assert (loaded.key, loaded.sha256) == (small_key, sha256(small_key.canonical()))


@pytest.mark.parametrize("exercise", ["churn-2", "../keys/churn-1", "/etc/passwd", "", "CHURN-1"])
def test_only_ids_with_a_key_are_known(keys, exercise):
    assert not Keyring(keys).knows(exercise)


def test_a_changed_program_is_refused(keys, small_key):
    changed = small_key.model_copy(update={"program": small_key.program + "\n"})
    (keys / "churn-1.json").write_bytes(changed.canonical())
    with pytest.raises(KeyFileError, match=r"churn-1\.json: the program in it was changed"):
        Keyring(keys).get("churn-1")


def test_a_damaged_key_names_its_faults(keys):
    (keys / "churn-1.json").write_text('{"exercise": 7}')
    with pytest.raises(KeyFileError, match="exercise: Input should be a valid string"):
        Keyring(keys).get("churn-1")


def test_a_key_under_another_name_is_refused(keys):
    (keys / "churn-1.json").rename(keys / "churn-2.json")
    with pytest.raises(KeyFileError, match=r"name it churn-1\.json"):
        Keyring(keys).get("churn-2")


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_without_keys_is_refused(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(KeyFileError, match="holds no answer key"):
        Keyring(tmp_path / name)


def test_the_published_exercise_must_be_the_keys(keys, published, small_key):
    ring = Keyring(keys, published.parent)
    with pytest.raises(ExerciseError, match="is not the exercise that the key was made with"):
        ring.get("churn-1")
    manifest = sha256((published / "exercise.json").read_bytes())
    right = small_key.model_copy(update={"exercise_sha256": manifest})
    (keys / "churn-1.json").write_bytes(right.canonical())
    assert ring.get("churn-1").published.files["program.py"] == small_key.program


def test_a_published_file_that_was_changed_is_refused(keys, published):
    (published / "program.py").write_text("print()\n")
    with pytest.raises(ExerciseError, match=r"program\.py"):
        Keyring(keys, published.parent).get("churn-1")
