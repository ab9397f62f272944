"""Reviews as code hosts and editors hand them out, read as people have them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from grader.errors import SubmissionError
from grader.ingest.notebook_lines import cells_of_lines
from grader.ingest.published import Published
from grader.ingest.read import read_submission
from grader.records.submission import Submission

ANN = {"login": "ann", "type": "User"}


def comment(**fields: object) -> dict[str, object]:
    """One review comment as GitHub's API gives it."""
    return {
        "pull_request_review_id": 7,
        "path": "program.py",
        "body": "no seed",
        "user": ANN,
        "side": "RIGHT",
        "line": 31,
        "original_line": 31,
        "start_line": None,
        "original_start_line": None,
        "subject_type": "line",
        **fields,
    }


def read(value: object, published: Published, ending: str = "json") -> Submission:
    """The submission that a JSON value makes."""
    text = value if isinstance(value, str) else json.dumps(value)
    return read_submission(f"churn-01__anna.{ending}", text.encode(), published)


def places(submission: Submission) -> list[tuple[Any, ...]]:
    return [(c.file, c.cell, c.line, c.end_line) for c in submission.comments]


def test_pages_read_the_same_however_they_were_put_together(published: Published) -> None:
    one, two = comment(), comment(body="no baseline", line=37, start_line=36)
    wanted = [("program.py", None, 31, None), ("program.py", None, 36, 37)]
    texts = (
        json.dumps([one, two]),
        json.dumps([[one], [two]]),
        json.dumps([one]) + json.dumps([two]),
        json.dumps([one], indent=2) + "\n" + json.dumps([two]) + "\n",
    )
    for text in texts:
        submission = read(text, published)
        assert submission.format == "github"
        assert places(submission) == wanted
        assert [c.text for c in submission.comments] == ["no seed", "no baseline"]


@pytest.mark.parametrize(
    ("fields", "place", "told"),
    [
        ({"line": None}, ("program.py", None, 31, None), ""),
        ({"line": None, "original_start_line": 30}, ("program.py", None, 30, 31), ""),
        ({"line": None, "original_line": None}, ("program.py", None, None, None), ""),
        ({"subject_type": "file"}, ("program.py", None, None, None), ""),
        ({"side": "LEFT"}, ("program.py", None, None, None), "deleted line"),
        ({"path": "exercise/program.py"}, ("program.py", None, 31, None), ""),
        ({"path": ".github/x.yml"}, (None, None, None, None), "is not published"),
        ({"line": 4000}, ("program.py", None, None, None), "line 4000"),
    ],
)
def test_a_comment_that_lost_its_line_keeps_the_next_best_place(
    published: Published, fields: dict[str, object], place: tuple[Any, ...], told: str
) -> None:
    submission = read([comment(**fields)], published)
    assert places(submission) == [place]
    assert [told in n.message for n in submission.notices] == ([True] if told else [])


def test_the_review_itself_is_a_general_remark_unless_it_says_nothing(published: Published) -> None:
    review = {"user": ANN, "state": "COMMENTED", "pull_request_url": "u", "body": "Leaks."}
    submission = read([review, review | {"body": ""}], published)
    assert [c.text for c in submission.comments] == ["Leaks."]
    assert places(submission) == [(None, None, None, None)]


def test_bots_are_left_out_and_told(published: Published) -> None:
    bot = comment(user={"login": "lint[bot]", "type": "Bot"})
    submission = read([bot, comment()], published)
    assert len(submission.comments) == 1
    assert [n.message for n in submission.notices] == ["written by a bot, left out"]


def test_remarks_of_two_people_are_refused(published: Published) -> None:
    with pytest.raises(SubmissionError, match=r"remarks of 'ann', 'bob'; hand in one file a per"):
        read([comment(), comment(user={"login": "bob"})], published)


def test_the_account_names_the_candidate_only_where_nothing_else_does(published: Published) -> None:
    data = json.dumps([comment()]).encode()
    assert read_submission("churn-01__anna.json", data, published).candidate == "anna"
    assert read_submission("download.json", data, published).candidate == "ann"


def test_an_error_of_github_is_told_as_such(published: Published) -> None:
    with pytest.raises(SubmissionError, match="GitHub answered 'Not Found'; fetch the review"):
        read([{"message": "Not Found", "pull_request_url": ""}], published)


def test_a_comment_that_quotes_the_api_does_not_change_the_format(published: Published) -> None:
    text = 'see "pull_request_review_id": 1 and "diagnostics": []'
    assert read({"comments": [{"line": 3, "comment": text}]}, published).format == "json"
    assert read([{"line": 3, "comment": text}], published).format == "json"


def test_lines_of_a_stored_notebook_are_lines_of_its_cells(published: Published) -> None:
    stored = published.files["program.ipynb"].split("\n")
    number = next(n for n, line in enumerate(stored, 1) if "frame.dropna()" in line)
    around = next(n for n, line in enumerate(stored, 1) if '"cell_type"' in line)
    found = read([comment(path="program.ipynb", line=n) for n in (number, around)], published)
    assert places(found) == [("program.ipynb", 3, 2, None), ("program.ipynb", 1, None, None)]
    behind = read([comment(path="program.ipynb", line=len(stored) - 2)], published)
    assert places(behind) == [("program.ipynb", None, None, None)]
    assert "is in no cell" in behind.notices[0].message


def test_lines_of_a_stored_notebook_that_is_not_at_hand_are_refused(published: Published) -> None:
    unseen = replace(published, files={**published.files, "program.ipynb": ""})
    with pytest.raises(SubmissionError, match=r"line '9' of the stored notebook, .*--exercises"):
        read([comment(path="program.ipynb", line=9)], unseen)
    assert places(read([comment(path="program.ipynb", subject_type="file")], unseen)) == [
        ("program.ipynb", None, None, None)
    ]


def test_every_line_of_every_cell_is_found_in_the_stored_notebook(published: Published) -> None:
    shown = set(cells_of_lines(published.files["program.ipynb"]).values())
    for cell in published.cells:
        for line in range(1, len(cell.lines or ()) + 1):
            assert (cell.index, line) in shown


def note(body: str, position: object = None, system: bool = False) -> dict[str, object]:
    fields = {"noteable_type": "MergeRequest", "author": {"username": "ann"}}
    return {"body": body, "system": system, "position": position, **fields}


@pytest.mark.parametrize("wrapped", [True, False])
def test_gitlab_discussions_without_what_gitlab_wrote(published: Published, wrapped: bool) -> None:
    ends = {"start": {"new_line": 27}, "end": {"new_line": 28}}
    notes: Sequence[dict[str, object]] = [
        note("changed the description", system=True),
        note("scaled before the split", {"new_path": "program.py", "new_line": 28}),
        note("both lines", {"new_path": "program.py", "new_line": 28, "line_range": ends}),
        note("gone", {"new_path": "program.py", "new_line": None, "old_line": 3}),
        note("overall fine"),
    ]
    value = [{"id": "a", "individual_note": False, "notes": [n]} for n in notes]
    submission = read(value if wrapped else notes, published)
    assert submission.format == "gitlab"
    assert places(submission) == [
        ("program.py", None, 28, None),
        ("program.py", None, 27, 28),
        ("program.py", None, None, None),
        (None, None, None, None),
    ]
    assert ["deleted line" in n.message for n in submission.notices] == [True]


def test_a_review_kept_by_the_editor_extension(published: Published) -> None:
    table = (
        "sha,filename,url,lines,title,comment,priority,category,additional\n"
        '"b45d","/program.py","https://x","27:2-29:0|31:0-32:1","Scaling","fit before the split",'
        '3,"leakage","use a pipeline"\n'
        '"b45d","program.py","","","","no baseline",0,"",""\n'
    )
    submission = read(table, published, "csv")
    assert submission.format == "vscode"
    assert places(submission) == [("program.py", None, 27, 28), ("program.py", None, None, None)]
    first = submission.comments[0]
    assert first.text == "Scaling\n\nfit before the split\n\nuse a pipeline"
    assert (first.severity, first.category) == ("critical", "leakage")
    assert [n.message for n in submission.notices] == ["2 places; read at the first"]


@pytest.mark.parametrize(("ending", "joint"), [("rdjsonl", "\n"), ("jsonl", ""), ("rdjson", ",")])
def test_diagnostics_of_reviewdog(published: Published, ending: str, joint: str) -> None:
    where = {"path": "./program.py", "range": {"start": {"line": 27, "column": 5}}}
    span = {"start": {"line": 27}, "end": {"line": 29, "column": 1}}
    lines = [
        {"message": "leaks", "location": where, "severity": "ERROR", "code": {"value": "leakage"}},
        {"message": "twice", "location": {"path": "program.py", "range": span}, "severity": 2},
        {"message": "whole"},
    ]
    text = joint.join(json.dumps(line) for line in lines)
    submission = read(f'{{"diagnostics": [{text}]}}' if joint == "," else text, published, ending)
    assert submission.format == "rdjson"
    assert [(c.text, c.line, c.end_line, c.severity) for c in submission.comments] == [
        ("leaks", 27, None, "critical"),
        ("twice", 27, 28, "major"),
        ("whole", None, None, None),
    ]
    assert submission.comments[0].category == "leakage"


def test_a_broken_line_is_told_with_its_number_in_the_file(published: Published) -> None:
    with pytest.raises(SubmissionError, match="line 3, column"):
        read('{"message": "a"}\n{"message": "b"}\n{"message": }\n', published, "jsonl")
