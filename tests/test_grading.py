"""Grading a folder: each submission has its row, and no submission hurts another."""

import json
import os

import pandas as pd
import pytest

import grader.grading
from grader.errors import KeyFileError, SubmissionError
from grader.grading import find, grade
from grader.report.results import read_results
from grader.score.rubric import load_rubric

LEAK = "The scaler is fitted on all rows before the split, so test rows leak into training."


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "in"
    made.mkdir()
    return made


@pytest.fixture
def hand_in(folder):
    def write(name, *comments, candidate="ada", exercise="churn-1"):
        rows = [{"file": "program.py", "line": line, "comment": text} for line, text in comments]
        body = {"exercise": exercise, "candidate": candidate, "comments": rows}
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(body))
        return path

    return write


@pytest.fixture
def graded(tmp_path, folder, keys):
    def run(*paths, out="out"):
        summary = grade(paths or (folder,), keys, tmp_path / out, load_rubric())
        return summary, pd.read_csv(tmp_path / out / "scores.csv", dtype=str).fillna("")

    return run


def test_a_right_comment_scores_above_silence(hand_in, graded):
    hand_in("a.json", (5, LEAK))
    hand_in("b.json", candidate="bob")
    _, table = graded()
    assert float(table.score[0]) > 60
    assert float(table.score[1]) == 0


def test_submissions_are_found_by_their_endings_and_sorted_by_name(folder, hand_in):
    for name in ("b.json", "deep/a.CSV", "a.json", ".hidden.json", "notes.txt"):
        hand_in(name)
    assert [found.source for found in find([folder])] == ["a.json", "b.json", "deep/a.CSV"]


def test_a_file_name_that_is_no_utf_8_is_a_row(folder, graded):
    (folder / os.fsdecode(b"churn-1__\xff.json")).write_text("{}")
    _, table = graded()
    assert list(table.source) == ["churn-1__\\xff.json"]


def test_files_given_one_by_one_are_called_as_in_their_folder(folder, hand_in):
    paths = [hand_in("b.json"), hand_in("a.json"), hand_in("a.json")]
    assert find(paths) == find([folder])


def test_a_bad_submission_is_a_row_with_its_error_and_the_rest_go_on(folder, hand_in, graded):
    (folder / "churn-1__eve.csv").write_text("line,comment\n12a,hello\n")
    hand_in("a.json", (5, LEAK))
    summary, table = graded()
    assert (summary.scored, summary.failed) == (1, 1)
    assert list(table.status) == ["scored", "error"]
    assert "'12a' is not a line number" in table.error[1]


@pytest.mark.parametrize("exercise", ["churn-9", "../keys/churn-1"])
def test_a_submission_without_a_key_is_a_row_with_its_error(hand_in, graded, exercise):
    hand_in("a.json", exercise=exercise)
    _, table = graded()
    assert list(table.status) == ["error"]


def test_a_broken_key_stops_the_run_and_writes_nothing(tmp_path, keys, hand_in, graded):
    hand_in("a.json")
    (keys / "churn-1.json").write_text("{}")
    with pytest.raises(KeyFileError):
        graded()
    assert not (tmp_path / "out").exists()


def test_nothing_to_grade_is_told(graded):
    with pytest.raises(SubmissionError, match="no submission is there"):
        graded()


def test_a_further_submission_of_a_candidate_is_scored_and_marked(hand_in, graded):
    hand_in("1.json", (5, LEAK))
    hand_in("2.json")
    _, table = graded()
    assert list(table.duplicate_of) == ["", "1.json"]
    assert list(table.status) == ["scored", "scored"]


def test_the_same_input_gives_the_same_bytes(tmp_path, hand_in, graded):
    hand_in("a.json", (5, LEAK))
    hand_in("b.json", (7, "Hardcoded hyperparameter."), candidate="bob")
    graded(out="one")
    graded(out="two")
    one, two = (
        {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        for root in (tmp_path / "one", tmp_path / "two")
    )
    assert one == two


def test_batches_of_one_give_the_scores_of_one_batch(monkeypatch, tmp_path, hand_in, graded):
    for number in range(5):
        hand_in(f"{number}.json", (5, LEAK[: 20 * number + 20]), candidate=f"c{number}")
    _, together = graded(out="together")
    monkeypatch.setattr(grader.grading, "BATCH", 1)
    _, alone = graded(out="alone")
    assert together.equals(alone)


def test_a_poisonous_submission_is_quarantined(monkeypatch, hand_in, graded):
    hand_in("a.json", (5, LEAK))
    hand_in("b.json", (5, "poison"), candidate="bob")
    hand_in("c.json", (5, LEAK), candidate="cid")
    match_all = grader.grading.match_all

    def fragile(pairs, model):
        if any(c.text == "poison" for _, submission in pairs for c in submission.comments):
            raise RecursionError("too deep")
        return match_all(pairs, model)

    monkeypatch.setattr(grader.grading, "match_all", fragile)
    _, table = graded()
    assert list(table.status) == ["scored", "error", "scored"]
    assert "RecursionError" in table.error[1]


def test_a_missing_file_is_a_row(folder, hand_in, graded):
    summary, _ = graded(hand_in("a.json"), folder / "gone.json")
    assert (summary.scored, summary.failed) == (1, 1)


def test_results_carry_the_verdicts_and_the_form(tmp_path, small_key, hand_in, graded):
    hand_in("a.json", (5, LEAK))
    graded()
    read = read_results(tmp_path / "out")
    assert read.results[0].verdicts.items[0].comment == 0
    assert read.forms["churn-1"].items == small_key.items


def test_every_version_is_in_the_score(tmp_path, small_key, hand_in, graded):
    hand_in("a.json")
    graded()
    versions = read_results(tmp_path / "out").results[0].score.versions
    assert versions.exercise_sha256 == small_key.exercise_sha256
    assert versions.rubric_sha256 == load_rubric().sha256


def test_progress_counts_up_to_the_number_of_submissions(tmp_path, folder, keys, hand_in):
    for number in range(3):
        hand_in(f"{number}.json", candidate=f"c{number}")
    told = []
    grade([folder], keys, tmp_path / "out", load_rubric(), progress=lambda *n: told.append(n))
    assert told[-1] == (3, 3)
