"""Remarks in the returned notebook are placed by cell and line."""

import copy
import json
from typing import Any

import pytest

from grader.ingest.published import Published, PublishedCell
from grader.ingest.read import read_submission

_NAME = "churn-01__anna.ipynb"


@pytest.fixture
def notebook(published: Published) -> dict[str, Any]:
    """The published notebook, to be edited as a candidate would."""
    return json.loads(published.files["program.ipynb"])


def _new(kind: str, source: str, **more: object) -> dict[str, Any]:
    return {"cell_type": kind, "metadata": {}, "source": source, "id": "new", **more}


def _places(handed, notebook: dict[str, Any]) -> list[tuple[object, ...]]:
    return handed.places("ipynb", json.dumps(notebook))


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_a_new_text_cell_is_about_the_cell_above(handed, notebook, kind: str) -> None:
    """Its whole text is one remark."""
    notebook["cells"].insert(3, _new(kind, "hardcoded path\n\nread it from a flag"))
    text = "hardcoded path\n\nread it from a flag"
    assert _places(handed, notebook) == [("program.ipynb", 3, None, None, text)]


def test_a_text_cell_may_name_its_place(handed, notebook) -> None:
    """A line alone is a line of the cell above; a cell is any cell."""
    notebook["cells"].insert(3, _new("markdown", "line 2: drops rows"))
    notebook["cells"].append(_new("markdown", "- cell 5, lines 3-4: leaks\n- no seed"))
    assert _places(handed, notebook) == [
        ("program.ipynb", 3, 2, None, "drops rows"),
        ("program.ipynb", 5, 3, 4, "leaks"),
        ("program.ipynb", 5, None, None, "no seed"),
    ]


@pytest.mark.parametrize("mark", ["# REVIEW: ", "**REVIEW:** ", "REVIEW (major): ", "> Review - "])
def test_a_mark_in_a_text_cell_is_no_part_of_the_remark(handed, notebook, mark: str) -> None:
    """In Markdown it would be a heading."""
    notebook["cells"].insert(3, _new("markdown", f"{mark}hardcoded path"))
    assert _places(handed, notebook)[0][1:] == (3, None, None, "hardcoded path")


def test_marks_in_code_cells_are_placed_on_the_published_lines(handed, notebook) -> None:
    """Also when the cell lost its id."""
    cell = notebook["cells"][2]
    head, rest = "".join(cell["source"]).split("\n", 1)
    cell["source"] = f"{head}  # REVIEW: path\n# REVIEW: drops\n{rest}"
    want = [
        ("program.ipynb", 3, 1, None, "path"),
        ("program.ipynb", 3, 2, None, "drops"),
    ]
    assert _places(handed, notebook) == want
    del cell["id"]
    assert _places(handed, notebook) == want


def test_a_cell_without_id_is_known_although_every_line_has_a_remark(handed, notebook) -> None:
    """Lines are compared without the remarks behind them."""
    for cell in notebook["cells"]:
        del cell["id"]
    cell = notebook["cells"][1]
    lines = "".join(cell["source"]).split("\n")
    cell["source"] = "\n".join(f"{line}  # REVIEW: on {n}" for n, line in enumerate(lines, 1))
    found = [place[:3] for place in _places(handed, notebook)]
    assert found == [("program.ipynb", 2, 1), ("program.ipynb", 2, 2)]


def test_a_new_code_cell_of_comments_is_about_the_cell_above(handed, notebook) -> None:
    """Its code is not read."""
    cell = _new("code", "# leaks\n# because fitted on all\nprint(1)", outputs=[])
    notebook["cells"].append(cell)
    found = _places(handed, notebook)
    assert found == [("program.ipynb", 5, None, None, "leaks\nbecause fitted on all")]


def test_moved_cells_keep_their_numbers(handed, notebook) -> None:
    """Numbers are those of the published notebook."""
    notebook["cells"].insert(0, notebook["cells"].pop())
    notebook["cells"].insert(1, _new("markdown", "leaks"))
    assert _places(handed, notebook) == [("program.ipynb", 5, None, None, "leaks")]


def test_outputs_and_metadata_are_ignored_and_listed(handed, notebook) -> None:
    """Nothing hidden there is read as a remark."""
    notebook["cells"][2]["outputs"] = [{"output_type": "stream", "text": "REVIEW: path"}]
    notebook["cells"][4]["metadata"] = {"note": "the scaler leaks"}
    notebook["metadata"]["remarks"] = ["no seed anywhere"]
    read = handed.read("ipynb", json.dumps(notebook))
    assert read.comments == ()
    assert [n.message for n in read.notices] == [
        "output is not read (cells 3)",
        "metadata is not read (cells 5)",
        "metadata is not read (of the notebook)",
        "no comment was found",
    ]


def test_the_text_of_the_exercise_is_no_remark_when_all_ids_are_lost(
    published: Published, notebook
) -> None:
    """Some tools drop ids, and a key does not hold the published text cells."""
    cells = tuple(
        PublishedCell(c.index, c.id, c.kind, c.lines if c.kind == "code" else None)
        for c in published.cells
    )
    from_key = Published("churn-01", published.files, published.script, cells, complete=False)
    returned = copy.deepcopy(notebook)
    returned["cells"].insert(3, _new("markdown", "hardcoded path"))
    for cell in returned["cells"]:
        del cell["id"]
    read = read_submission(_NAME, json.dumps(returned).encode(), from_key)
    assert [(c.cell, c.text) for c in read.comments] == [(3, "hardcoded path")]


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ([{"source": ""}], "cell 1: has no cell_type among code, markdown, raw"),
        ([{"cell_type": "code", "source": 3}], "cell 1: source is no text"),
    ],
)
def test_a_broken_cell_is_named(handed, cells: list[dict[str, object]], fault: str) -> None:
    """All of them at once."""
    text = json.dumps({"nbformat": 4, "cells": cells})
    assert handed.faults("ipynb", text) == (fault,)


def test_a_notebook_of_the_old_format_is_refused(handed) -> None:
    """The message says how to mend it."""
    (fault,) = handed.faults("ipynb", '{"nbformat": 3, "worksheets": []}')
    assert "save the notebook in format 4" in fault
