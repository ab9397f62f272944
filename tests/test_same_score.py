"""The same comments have the same score, in whatever format they come."""

from pathlib import Path

import pytest

from grader.ingest import write, write_hosted
from grader.ingest.read import read_submission
from grader.keyring import Keyring
from grader.marking import mark
from grader.match.match import match
from grader.records.submission import Comment, Submission
from grader.score.rubric import load_rubric

ROOT = Path(__file__).parent.parent
FORMATS = {
    "json": (write.as_json, "{}.json"),
    "csv": (write.as_csv, "{}.csv"),
    "markdown": (write.as_markdown, "{}.md"),
    "python": (write.as_python, "{}.py"),
    "notebook": (write.as_notebook, "{}.ipynb"),
    "github": (write_hosted.as_github, "{}.json"),
    "gitlab": (write_hosted.as_gitlab, "{}.json"),
    "vscode": (write_hosted.as_vscode, "{}.csv"),
    "rdjson": (write_hosted.as_rdjson, "{}.rdjson"),
    "rdjsonl": (write_hosted.as_rdjsonl, "{}.rdjsonl"),
}
EXERCISES = ["648grnmqwz", "qfc2qke3px", "th4fr8ch7h"]


@pytest.fixture(scope="module")
def ring():
    return Keyring(ROOT / "answer_keys", ROOT / "exercises")


def review(key, cells):
    """Return good, half right and wrong comments, by line or by cell of the notebook."""
    said = [(i.places[0].lines.start, f"{i.said_well[0]} {i.fix}") for i in key.items[::2]]
    said += [(i.places[0].lines.start + 9, i.said_well[1]) for i in key.items[1::4]]
    said += [(d.places[0].lines.start, d.said_badly[0]) for d in key.decoys[:1]]
    said += [(5, "These names do not tell what they hold, see PEP 8.")]
    where = {line: (cell.cell, line - cell.lines.start + 1)
             for cell in key.cells if cell.lines
             for line in range(cell.lines.start, cell.lines.end + 1)}  # fmt: skip
    comments = [Comment(text="No cross-validation: one split alone says little.")]
    for line, text in said:
        if cells and line in where:
            cell, within = where[line]
            comments.append(Comment(text=text, file="program.ipynb", cell=cell, line=within))
        elif not cells:
            comments.append(Comment(text=text, file="program.py", line=line))
    return tuple(comments)


def scored(loaded, comments, form):
    make, name = FORMATS[form]
    stored = Submission(
        exercise=loaded.key.exercise, candidate="sam", format="json", sha256="0" * 64,
        comments=comments,
    )  # fmt: skip
    source = name.format(f"{loaded.key.exercise}__sam")
    read = read_submission(source, make(stored, loaded.published), loaded.published)
    result = mark(source, read, loaded, match(loaded.key, read), load_rubric(), {})
    verdicts = sorted((c.text, c.verdict, c.item) for c in result.verdicts.comments)
    return read.format, result.score.score, verdicts


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("form", sorted(set(FORMATS) - {"notebook", "json"}))
def test_a_format_changes_no_score(ring, exercise, form):
    loaded = ring.get(exercise)
    comments = review(loaded.key, cells=False)
    _, score, verdicts = scored(loaded, comments, "json")
    read, same, alike = scored(loaded, comments, form)
    assert read == ("rdjson" if form == "rdjsonl" else form)
    assert 20_000 < score < 90_000
    assert (same, alike) == (score, verdicts)


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("form", ["notebook", "json", "csv", "markdown", "github"])
def test_comments_on_cells_have_the_same_score_in_every_format(ring, exercise, form):
    loaded = ring.get(exercise)
    comments = review(loaded.key, cells=True)
    assert any(c.cell for c in comments)
    _, score, verdicts = scored(loaded, comments, "json")
    by_cell = [c.model_copy(update={"line": None}) if form == "notebook" else c for c in comments]
    if form == "notebook":  # a remark below a cell is about the whole cell
        _, score, verdicts = scored(loaded, tuple(by_cell), "json")
    read, same, alike = scored(loaded, tuple(by_cell), form)
    assert read == form
    assert score > 0
    assert (same, alike) == (score, verdicts)
