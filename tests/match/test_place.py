"""Where a comment points, and how far that is from a place of the key."""

import pytest

from grader.match.place import Layout, anchor, reach_all
from grader.records.base import Lines
from grader.records.key import Cell, Place
from grader.records.submission import Comment

PROGRAM = """import numpy as np


@np.vectorize
def scale(x):
    return x * 2


def train(frame):
    scaled = fit(
        frame,
        mean=True,
    )
    model = make(
        scaled,
    )
    return model


SEED = 3
"""


@pytest.fixture
def layout(desk):
    return Layout(desk.key.model_copy(update={"program": PROGRAM}))


def at(line, end=None, cell=None, file="review.py"):
    return Comment(text="x", file=file, line=line, end_line=end, cell=cell)


def how(layout, comment, start, end=None, role="main"):
    place = Place(role=role, lines=Lines(start=start, end=end or start), snippet="")
    return reach_all(layout.spot(comment), [anchor([place], layout)], layout)[0]


@pytest.mark.parametrize(
    ("line", "start", "why"),
    [
        (12, 10, "the last line of the call"),
        (4, 5, "the decorator"),
        (8, 10, "two lines above"),
        (15, 10, "two lines below the last line of the call"),
    ],
)
def test_places_of_one_statement_are_one_place(layout, line, start, why):
    assert how(layout, at(line), start).nearness == "at", why


def test_the_head_of_a_small_function_is_near_everything_in_it(layout):
    assert how(layout, at(9), 14).nearness == "near"


def test_another_part_of_the_file_is_far(desk):
    layout = Layout(desk.key)
    assert how(layout, at(60), 34).nearness == "far"


def test_a_wide_range_has_no_place(layout):
    assert how(layout, at(1, 20), 10).nearness == "file"


def test_marking_a_whole_small_function_is_as_good_as_its_head_and_a_large_one_is_no_place(desk):
    body = "".join(f"    step_{n}(frame)\n" for n in range(20))
    small = f"def check(frame):\n{body}"
    layout = Layout(desk.key.model_copy(update={"program": small}))
    assert how(layout, at(1, 21), 12).nearness == how(layout, at(1), 12).nearness == "near"
    assert how(layout, at(2, 21), 12).nearness == "near"
    large = Layout(desk.key.model_copy(update={"program": small + body * 2}))
    assert how(large, at(1, 61), 12).nearness == "file"
    two = Layout(desk.key.model_copy(update={"program": small + small}))
    assert how(two, at(1, 42), 12).nearness == "file"


def test_a_range_over_a_whole_region_is_at_it(layout):
    assert how(layout, at(9, 17), 9, 17).nearness == "at"


def test_a_range_given_backwards_is_turned(layout):
    assert layout.spot(at(12, 10)).lines == (10, 12)


def test_a_line_past_the_end_has_no_place(layout):
    assert layout.spot(at(500)).lines is None


def test_another_file_has_no_place(layout):
    assert layout.spot(at(3, file="brief.md")).lines is None


def test_lines_of_a_cell_become_lines_of_the_program(desk):
    cells = (
        Cell(cell=1, cell_id="a", kind="markdown", lines=None),
        Cell(cell=2, cell_id="b", kind="code", lines=Lines(start=9, end=17)),
    )
    layout = Layout(desk.key.model_copy(update={"program": PROGRAM, "cells": cells}))
    assert layout.spot(at(2, cell=2)).lines == (10, 10)
    assert layout.spot(at(None, cell=2)).lines == (9, 17)
    assert layout.spot(at(1, cell=1)).lines is None
    assert layout.spot(at(90, cell=2)).lines == (17, 17)


def test_a_program_with_magics_still_has_lines(desk):
    layout = Layout(desk.key.model_copy(update={"program": "%matplotlib inline\nx = 1\n"}))
    assert layout.spot(at(2)).lines == (2, 2)


def test_a_general_remark_hits_what_is_missing(desk):
    said = desk.items["no_cross_validation"].said_well[0]
    assert desk.one(Comment(text=said)).item == "item-no_cross_validation"


def test_a_general_remark_hits_nothing_else(desk):
    said = desk.items["scaler_fitted_before_split"].said_well[0]
    assert desk.one(Comment(text=said)).verdict != "hit"
