"""The published exercise as readers need it: its files, lines and notebook cells."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import ValidationError

from grader.errors import ExerciseError
from grader.files import sha256
from grader.records.exercise import Exercise, PublishedFile
from grader.records.key import AnswerKey, Cell
from grader.spans import split_lines
from seeded_bugs.syntax.cells import uncommented

SCRIPT = "program.py"
NOTEBOOK = "program.ipynb"
_MANIFEST = "exercise.json"
_GUARD = "if __name__"


@dataclass(frozen=True)
class PublishedCell:
    """One notebook cell, counted from 1. ``lines`` None: its text is not known."""

    index: int
    id: str
    kind: Literal["code", "markdown"]
    lines: tuple[str, ...] | None


@dataclass(frozen=True)
class Published:
    """One exercise as candidates received it.

    ``files``: text by name, notebooks as stored; files that are no text are empty.
    ``script``: the lines of program.py, None when only a notebook was published.
    ``complete``: whether ``files`` names every published file; a key knows the program alone.
    """

    id: str
    files: Mapping[str, str]
    script: tuple[str, ...] | None
    cells: tuple[PublishedCell, ...] = ()
    complete: bool = True
    line_counts: Mapping[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        counts = {
            name: len(split_lines(text))
            for name, text in self.files.items()
            if text and name != NOTEBOOK
        }
        object.__setattr__(self, "line_counts", counts)

    def cell(self, index: int) -> PublishedCell:
        """Return the cell with this index, counted from 1."""
        return self.cells[index - 1]


def published_from_folder(folder: Path) -> Published:
    """Read an exercise folder and compare every file with ``exercise.json``.

    Raises:
        ExerciseError: if a file is missing, was changed, or cannot be read; all of them at once.
    """
    exercise = _manifest(folder)
    faults: list[str] = []
    files: dict[str, str] = {}
    for entry in exercise.files:
        data, fault = _checked(folder, entry)
        faults += fault
        files[entry.name] = _text(data)
    cells: tuple[PublishedCell, ...] = ()
    if NOTEBOOK in files and not faults:
        try:
            cells = _cells(files[NOTEBOOK])
        except (ValueError, KeyError, TypeError, RecursionError):
            faults.append(f"{NOTEBOOK}: is no notebook; fetch the exercise again")
    if faults:
        raise ExerciseError("\n".join([f"{folder}: the exercise was changed", *_indent(faults)]))
    script = tuple(split_lines(files[SCRIPT])) if SCRIPT in files else None
    return Published(exercise.id, files, script, cells)


def published_from_key(key: AnswerKey) -> Published:
    """Return what the key knows of the published files: the program, and which cells hold it."""
    lines = tuple(split_lines(key.program))
    cells = tuple(
        PublishedCell(cell.cell, cell.cell_id, cell.kind, _cell_lines(cell, lines))
        for cell in key.cells
    )
    files = {SCRIPT: key.program} | ({NOTEBOOK: ""} if cells else {})
    return Published(key.exercise, files, lines, cells, complete=False)


def _cell_lines(cell: Cell, program: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the program lines that a cell holds; a text cell shows them without their comment.

    The cell that starts the run stands in for the main guard and has a text of its own, which a
    key does not keep.
    """
    lines = program[cell.lines.start - 1 : cell.lines.end] if cell.lines else ()
    if not lines or any(line.startswith(_GUARD) for line in lines):
        return None
    return tuple(uncommented(lines)) if cell.kind == "markdown" else lines


def _manifest(folder: Path) -> Exercise:
    path = folder / _MANIFEST
    try:
        return Exercise.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ExerciseError(
            f"{path}: cannot be read ({error.strerror}); name the folder of one exercise"
        ) from error
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors()]
        raise ExerciseError("\n".join([f"{path}: is no exercise", *_indent(faults)])) from error


def _checked(folder: Path, entry: PublishedFile) -> tuple[bytes, list[str]]:
    """Return the bytes of one published file and what is wrong with it."""
    name = PurePosixPath(entry.name)
    if name.is_absolute() or ".." in name.parts or "\\" in entry.name:
        return b"", [f"{entry.name}: leads out of the folder; fetch the exercise again"]
    try:
        data = (folder / name).read_bytes()
    except OSError as error:
        return b"", [f"{entry.name}: cannot be read ({error.strerror}); fetch the exercise again"]
    if sha256(data) != entry.sha256:
        return b"", [
            f"{entry.name}: differs from what was published; "
            "keep your remarks in a copy outside the folder and fetch the exercise again"
        ]
    return data, []


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""


def _cells(text: str) -> tuple[PublishedCell, ...]:
    cells = []
    for index, cell in enumerate(json.loads(text)["cells"], 1):
        source = cell["source"]
        lines = split_lines(source if isinstance(source, str) else "".join(source))
        kind: Literal["code", "markdown"] = "code" if cell["cell_type"] == "code" else "markdown"
        cells.append(PublishedCell(index, str(cell.get("id", "")), kind, tuple(lines)))
    return tuple(cells)


def _indent(faults: list[str]) -> list[str]:
    return [f"  {fault}" for fault in faults]
