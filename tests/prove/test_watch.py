"""Watched statements: seen before and after, without changing what the program does."""

import textwrap
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.prove.probe.diary import Diary
from grader.prove.probe.tables import hashed
from grader.prove.probe.watch import Watch


def watched(program: str, lines: list[int]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Run a program with some lines watched; return its names and what was noted."""
    names: dict[str, Any] = {"__name__": "__main__"}
    diary = Diary("program.py")
    source = textwrap.dedent(program).encode()
    exec(Watch(diary, lines).compiled(source, "program.py", names), names)
    return names, diary.events


def test_a_statement_is_seen_before_and_after() -> None:
    _, events = watched("a = 1\na = a + 1\n", [2])
    assert [(e["name"], e["scalars"]["a"]) for e in events] == [("before", 1.0), ("after", 2.0)]


def test_a_statement_of_several_lines_is_watched_by_any_of_them() -> None:
    _, events = watched("a = (\n    1\n    + 2\n)\n", [3])
    assert [e["lines"] for e in events] == [[1], [1]]


def test_what_the_head_of_a_loop_binds_is_seen_from_inside() -> None:
    _, events = watched("for a in (5, 6):\n    b = a\n", [1])
    assert [(e["name"], e["scalars"].get("a")) for e in events] == [
        ("before", None),
        ("after", 5.0),
    ]


def test_a_return_is_seen_and_still_returns() -> None:
    names, events = watched("def f(x):\n    return x + 1\n\na = f(1)\n", [2])
    assert names["a"] == 2
    assert [e["name"] for e in events] == ["before", "after"]


def test_docstrings_and_future_imports_stay_first() -> None:
    head = '"""Told."""\nfrom __future__ import annotations\n\n'
    program = head + 'def f():\n    """Told too."""\n    return 1\n'
    names, _ = watched(program, [1, 2, 4, 5, 6])
    assert names["__doc__"] == "Told."
    assert names["f"].__doc__ == "Told too."


def test_a_traceback_names_the_line_of_the_program() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        watched("a = 1\nb = a / 0\n", [1, 2])
    assert caught.traceback[-1].lineno == 1


@given(st.lists(st.integers(1, 9)))
def test_watching_changes_no_result(lines: list[int]) -> None:
    program = """\
    found = []
    for number in range(4):
        if number % 2:
            found.append(number)
        else:
            continue
        try:
            found.append(1 // (number - 1))
        except ZeroDivisionError: found.append(-1)
    """
    assert watched(program, lines)[0]["found"] == [1, -1, 3, 0]


def test_equal_cells_have_equal_hashes_whatever_their_type() -> None:
    whole, broken = (hashed(pd.Series([1, 2], dtype=kind)) for kind in ("int64", "float64"))
    assert whole is not None
    assert broken is not None
    assert (whole[0] == broken[0]).all()


def test_an_empty_cell_is_like_no_text() -> None:
    made = hashed(pd.Series([None, "", "a"]))
    assert made is not None
    assert len(set(made[0][:, 0].tolist())) == 3
