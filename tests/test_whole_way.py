"""From a published exercise to a score, on the exercises of the bank."""

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from grader.cli.main import cli
from grader.controls import CONTROLS, control_comments, control_points
from grader.demo import REVIEWERS, write_reviews
from grader.files import sha256
from grader.ingest.published import Published, published_from_folder
from grader.ingest.write import as_csv, as_json, as_markdown, as_notebook, as_python
from grader.keyring import read_key
from grader.match.model import load_model
from grader.records.key import AnswerKey
from grader.records.submission import Comment, Submission
from grader.stream import Stream

ROOT = Path(__file__).parent.parent
KEYS = ROOT / "answer_keys"
EXERCISES = ROOT / "exercises"
WRITERS = {"json": as_json, "csv": as_csv, "md": as_markdown, "py": as_python}


@pytest.fixture(scope="module")
def keys() -> list[AnswerKey]:
    return [read_key(path) for path in sorted(KEYS.glob("*.json"))]


def submission(key: AnswerKey, candidate: str, comments: list[Comment]) -> Submission:
    return Submission(
        exercise=key.exercise,
        candidate=candidate,
        format="json",
        sha256=sha256(b""),
        comments=tuple(comments),
    )


def scores(folder: Path, results: Path, code: int = 0) -> pd.DataFrame:
    words = ["score", str(folder), "--keys", str(KEYS), "--exercises", str(EXERCISES)]
    result = CliRunner().invoke(cli, [*words, "--out", str(results)])
    assert result.exit_code == code, result.output
    return pd.read_csv(results / "scores.csv")


def test_controls_score_what_is_fair(keys: list[AnswerKey]) -> None:
    """The key in good words gets nearly all; copying, silence and spraying get nothing."""
    found = control_points(keys, load_model())
    for control in CONTROLS:
        assert all(control.least <= v <= control.most for v in found[control.name]), control.name


def test_four_formats_of_the_same_comments_give_the_same_score(
    keys: list[AnswerKey], tmp_path: Path
) -> None:
    for key in keys[:2]:
        published = published_from_folder(EXERCISES / key.exercise)
        comments = control_comments("said-well", key)[::2]
        for ending, write in WRITERS.items():
            review = submission(key, ending, comments)
            path = tmp_path / "in" / f"{key.exercise}__{ending}.{ending}"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(write(review, published))
    table = scores(tmp_path / "in", tmp_path / "out")
    assert len(table) == 8
    assert (table.groupby("exercise")["score"].nunique() == 1).all()
    assert (table["score"] > 20).all()


def test_a_review_in_the_notebook_scores_as_one_in_the_script(
    keys: list[AnswerKey], tmp_path: Path
) -> None:
    key = keys[0]
    published: Published = published_from_folder(EXERCISES / key.exercise)
    places = [(item, item.places[0]) for item in key.items if item.places[0].cells]
    in_script = control_comments("said-well", key)
    in_cells = [
        Comment(
            text=f"{item.said_well[0]} {item.fix}",
            file="program.ipynb",
            cell=place.cells[0].cell,
            line=place.cells[0].start,
            end_line=place.cells[0].end,
        )
        for item, place in places
    ]
    assert len(in_cells) == len(in_script)
    (tmp_path / "in").mkdir()
    name = tmp_path / "in" / f"{key.exercise}__script.json"
    name.write_bytes(as_json(submission(key, "script", in_script), published))
    name = tmp_path / "in" / f"{key.exercise}__notebook.ipynb"
    name.write_bytes(as_notebook(submission(key, "notebook", in_cells), published))
    table = scores(tmp_path / "in", tmp_path / "out")
    assert table["score"].nunique() == 1


def test_the_order_of_comments_changes_nothing(keys: list[AnswerKey], tmp_path: Path) -> None:
    key = keys[1]
    published = published_from_folder(EXERCISES / key.exercise)
    comments = control_comments("said-well", key) + control_comments("echo", key)
    (tmp_path / "in").mkdir()
    for number in range(4):
        shuffled = Stream(bytes([number]) * 16, "order").shuffled(comments)
        path = tmp_path / "in" / f"{key.exercise}__c{number}.json"
        path.write_bytes(as_json(submission(key, f"c{number}", shuffled), published))
    assert scores(tmp_path / "in", tmp_path / "out")["score"].nunique() == 1


def test_one_corrupted_submission_of_twenty_is_one_row_with_its_error(
    keys: list[AnswerKey], tmp_path: Path
) -> None:
    key = keys[0]
    published = published_from_folder(EXERCISES / key.exercise)
    (tmp_path / "in").mkdir()
    for number in range(20):
        review = submission(key, f"c{number}", control_comments("said-well", key)[:number])
        path = tmp_path / "in" / f"{key.exercise}__c{number}.json"
        path.write_bytes(as_json(review, published))
    damaged = tmp_path / "in" / f"{key.exercise}__c7.json"
    damaged.write_bytes(damaged.read_bytes()[:-40])
    table = scores(tmp_path / "in", tmp_path / "out", code=1)
    assert (table["status"] == "scored").sum() == 19
    bad = table[table["status"] == "error"]
    assert list(bad["source"]) == [damaged.name]
    assert damaged.name in bad["error"].iloc[0]


def test_the_demo_reviews_come_out_in_their_order(keys: list[AnswerKey], tmp_path: Path) -> None:
    key = keys[2]
    write_reviews(key, tmp_path / "in")
    table = scores(tmp_path / "in", tmp_path / "out").set_index("candidate")["score"]
    assert table["thorough"] > table["hurried"] > 20
    assert table["style-only"] == table["shotgun"] == 0
    assert len(table) == len(REVIEWERS)


def test_every_point_of_a_result_leads_to_a_comment(keys: list[AnswerKey], tmp_path: Path) -> None:
    """Each credited item names its comment and says why; each comment has verdict and evidence."""
    write_reviews(keys[0], tmp_path / "in")
    scores(tmp_path / "in", tmp_path / "out")
    for path in (tmp_path / "out").glob("*.json"):
        result = json.loads(path.read_text("utf-8"))
        verdicts = result["verdicts"]
        comments = {c["index"] for c in verdicts["comments"]}
        for item in verdicts["items"]:
            assert item["reason"]
            assert (item["credit"] > 0) == (item["comment"] in comments)
        for comment in verdicts["comments"]:
            assert comment["verdict"]
            assert comment["evidence"]["rule"]
            assert comment["evidence"]["reason"]
