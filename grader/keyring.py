"""Answer keys by exercise: loaded when first asked for, and checked before they are trusted."""

import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from grader.errors import ExerciseError, KeyFileError
from grader.files import sha256
from grader.ingest.published import Published, published_from_folder, published_from_key
from grader.records.key import AnswerKey

_ID = re.compile(r"[a-z0-9][a-z0-9-]{2,39}")


@dataclass(frozen=True)
class LoadedKey:
    """A key with its hash, and the exercise as candidates received it."""

    key: AnswerKey
    sha256: str
    published: Published


class Keyring:
    """The keys of one folder.

    Args:
        keys: the folder of ``<exercise>.json`` files.
        exercises: the folder of published exercises; with it each one is compared with its key.

    Raises:
        KeyFileError: if the folder is none or holds no key.
    """

    def __init__(self, keys: Path, exercises: Path | None = None) -> None:
        if not keys.is_dir() or not any(keys.glob("*.json")):
            raise KeyFileError(
                f"{keys}: holds no answer key; give the folder of <exercise>.json files"
            )
        self._keys = keys
        self._exercises = exercises
        self._loaded: dict[str, LoadedKey] = {}

    def knows(self, exercise: str) -> bool:
        """Tell whether there is a key file for this exercise; any text is safe to ask about."""
        return bool(_ID.fullmatch(exercise)) and self._path(exercise).is_file()

    def get(self, exercise: str) -> LoadedKey:
        """Return the key of one exercise.

        Raises:
            KeyFileError: if there is none, it is damaged, or it belongs to another program.
            ExerciseError: if the published exercise is missing or differs from the key's.
        """
        if exercise not in self._loaded:
            self._loaded[exercise] = self._load(exercise)
        return self._loaded[exercise]

    def _path(self, exercise: str) -> Path:
        return self._keys / f"{exercise}.json"

    def _load(self, exercise: str) -> LoadedKey:
        key = read_key(self._path(exercise))
        if key.exercise != exercise:
            raise KeyFileError(
                f"{self._path(exercise)}: is the key of {key.exercise!r}; "
                f"name it {key.exercise}.json"
            )
        published = published_from_key(key)
        if self._exercises is not None:
            published = _published(self._exercises / exercise, key)
        return LoadedKey(key, sha256(key.canonical()), published)


def read_key(path: Path) -> AnswerKey:
    """Return the key of one file, its program compared with the hash it carries.

    Raises:
        KeyFileError: names the file, its faults and what to do.
    """
    try:
        key = AnswerKey.model_validate_json(path.read_bytes())
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, f['loc'])) or 'file'}: {f['msg']}" for f in error.errors()]
        lines = [f"{path}: is no answer key; make the exercise again", *faults]
        raise KeyFileError("\n".join(lines)) from error
    if sha256(key.program.encode()) != key.program_sha256:
        raise KeyFileError(
            f"{path}: the program in it was changed (its SHA-256 differs); restore the key"
        )
    return key


def _published(folder: Path, key: AnswerKey) -> Published:
    """Return the published exercise after comparing it with the key."""
    published = published_from_folder(folder)
    manifest = (folder / "exercise.json").read_bytes()
    if sha256(manifest) != key.exercise_sha256:
        raise ExerciseError(
            f"{folder}: is not the exercise that the key was made with; "
            "give the folder that was published with this key"
        )
    return published
