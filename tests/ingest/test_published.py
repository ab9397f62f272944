"""The published files are compared with what exercise.json says of them."""

import shutil
from pathlib import Path

import pytest

from grader.errors import ExerciseError
from grader.ingest.published import Published, published_from_folder


@pytest.fixture
def folder(exercise_folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(exercise_folder, tmp_path / "churn-01"))


def test_lines_and_cells_are_those_of_the_files(published: Published) -> None:
    """Cells count from 1."""
    assert published.script is not None
    assert (len(published.script), [c.index for c in published.cells]) == (43, [1, 2, 3, 4, 5])


def test_every_changed_or_missing_file_is_named(folder: Path) -> None:
    """All at once."""
    (folder / "brief.md").write_text("other")
    (folder / "program.py").unlink()
    with pytest.raises(ExerciseError) as caught:
        published_from_folder(folder)
    assert "brief.md: differs from what was published" in str(caught.value)
    assert "program.py: cannot be read" in str(caught.value)


def test_a_manifest_never_leads_out_of_its_folder(folder: Path) -> None:
    """A crafted exercise reads no other file."""
    manifest = folder / "exercise.json"
    manifest.write_text(manifest.read_text().replace("brief.md", "../brief.md"))
    with pytest.raises(ExerciseError, match="leads out of the folder"):
        published_from_folder(folder)


@pytest.mark.parametrize("text", ["", "{}", '{"id": "churn-01"}'])
def test_a_folder_without_a_manifest_is_no_exercise(folder: Path, text: str) -> None:
    """The message says what is missing."""
    (folder / "exercise.json").write_text(text)
    with pytest.raises(ExerciseError, match="is no exercise"):
        published_from_folder(folder)
