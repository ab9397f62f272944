"""JSON: strict where a mistake would change the meaning, tolerant of names."""

import json

import pytest


def _comments(*items: dict[str, object]) -> str:
    return json.dumps({"exercise": "churn-01", "candidate": "anna", "comments": items})


def test_every_field_is_read(handed) -> None:
    """Severity, category and area come in their one spelling."""
    item = {"file": "./Program.py", "line": 29, "end_line": 30, "body": "leaks"}
    words = {
        "severity": "Blocker",
        "category": "Data handling",
        "area": "Statistics and Evaluation",
    }
    (comment,) = handed.read("json", _comments(item | words)).comments
    assert comment.model_dump(exclude={"source", "cell"}) == {
        "text": "leaks",
        "file": "program.py",
        "line": 29,
        "end_line": 30,
        "severity": "critical",
        "category": "data-handling",
        "area": "statistics & evaluation",
    }


@pytest.mark.parametrize("cell", [3, "3", "c3a303f"])
def test_a_cell_is_named_by_number_or_id(handed, cell: object) -> None:
    """Without a file, a cell means the notebook."""
    found = handed.places("json", _comments({"cell": cell, "line": 2, "comment": "drops"}))
    assert found == [("program.ipynb", 3, 2, None, "drops")]


def test_a_line_without_a_file_means_the_program(handed) -> None:
    """A remark without both is general."""
    found = handed.places("json", _comments({"line": 3, "text": "a"}, {"message": "b"}))
    assert found == [("program.py", None, 3, None, "a"), (None, None, None, None, "b")]


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        ({"line": 900}, "line 900: program.py has 43 lines"),
        ({"line": 0}, "line: '0' is no line; lines count from 1"),
        ({"line": -4}, "line: '-4' is no line; lines count from 1"),
        ({"line": "12a"}, "line: '12a' is not a line number; write a whole number such as 12"),
        ({"line": 1.5}, "line: '1.5' is not a line number; write a whole number such as 12"),
        ({"line": True}, "line: must be a number"),
        ({"line": "٣"}, "line: '٣' is not a line number; write a whole number such as 12"),
        ({"cell": 9}, "cell 9: program.ipynb has 5 cells"),
        ({"cell": 3, "line": 7}, "line 7: cell 3 of program.ipynb has 3 lines"),
        ({"cell": "zz"}, "cell: 'zz' is neither a cell number nor a known cell id"),
        (
            {"cell": 3, "file": "program.py"},
            "cell: program.py has no cells; name the notebook, or leave the cell out",
        ),
        (
            {"file": "program.ipynb", "line": 3},
            "line 3: a line of program.ipynb needs its cell; add the cell number",
        ),
        (
            {"file": "main.py"},
            "file: 'main.py' is not published; there are "
            "program.py, program.ipynb, brief.md, data/customers.csv",
        ),
        ({"file": ["a"]}, "file: must be text"),
    ],
)
def test_a_wrong_place_is_a_fault_with_its_mending(handed, item: dict, fault: str) -> None:
    """The message says where, what and how to mend."""
    faults = handed.faults("json", _comments(item | {"comment": "x"}))
    assert faults == (f"comment 1: {fault}",)


def test_all_faults_come_at_once(handed) -> None:
    """One reading tells everything that is wrong."""
    items = ({"line": 900, "comment": "x"}, {"line": 1}, {"line": "a", "comment": "y"})
    assert len(handed.faults("json", _comments(*items))) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"comments": [{"comment": "x", "comment": "y"}]}', "'comment' stands twice"),
        ('{"comments": [{"comment": "x", "line": NaN}]}', "NaN is no JSON value"),
        ('{"comments": [{"comment": "\\ud800"}]}', "half a character"),
        ('{"comments": [{"comment": "x"}', "line 1, column 31"),
        ('{"remarks": []}', "there is no list 'comments'"),
        ("[3]", "comment 1: is no object"),
        ("3", "neither an object nor a list"),
    ],
)
def test_what_is_not_strict_json_of_this_shape_is_refused(handed, text: str, words: str) -> None:
    """Nothing is guessed."""
    assert any(words in fault for fault in handed.faults("json", text))


def test_unknown_words_and_fields_are_told_and_left_out(handed) -> None:
    """They are no reason to refuse a review."""
    item = {"comment": "x", "severity": "huge", "category": "vibes", "stars": 5}
    read = handed.read("json", _comments(item))
    assert (read.comments[0].severity, read.comments[0].category) == (None, None)
    told = [notice.message.split(",")[0] for notice in read.notices]
    assert told == [
        "the field 'stars' is unknown",
        "category: 'vibes' is unknown",
        "severity: 'huge' is unknown",
    ]


def test_lines_in_the_wrong_order_are_swapped_and_told(handed) -> None:
    """An honest slip costs nothing."""
    read = handed.read("json", _comments({"line": 14, "end_line": 12, "comment": "x"}))
    assert (read.comments[0].line, read.comments[0].end_line) == (12, 14)
    assert read.notices[0].message == "end_line 12 is before line 14, swapped"


def test_empty_comments_are_left_out_and_told(handed) -> None:
    """They are no remarks."""
    read = handed.read("json", _comments({"comment": " \n"}, {"comment": "x"}))
    assert [c.text for c in read.comments] == ["x"]
    assert read.notices[0].message == "no text, left out"


def test_control_characters_never_reach_a_comment(handed) -> None:
    """What is left is text that a terminal shows as it is."""
    read = handed.read("json", _comments({"comment": "a\x1b[31mb\x00\r\nc\x07"}))
    assert read.comments[0].text == "a[31mb\nc"
