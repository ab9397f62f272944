"""Reach is a number of lines: from what is wrong to what shows that it is."""

from dataclasses import replace

import libcst as cst
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import catalog
from grader.generate.reach import Ground, reach
from grader.spans import Span
from seeded_bugs.contract import Entry
from seeded_bugs.words import Category

FEW = st.integers(0, 60)
LEAK = catalog.bugs()["scaler_fitted_before_split"].entry


def program(before: int, between: int, after: int = 0) -> str:
    """Return a script with a fit, a split, and so many lines of filling around them."""
    return "\n".join(
        [
            "import pandas as pd",
            "from sklearn.model_selection import train_test_split",
            "from sklearn.preprocessing import StandardScaler",
            'rows = pd.read_csv("a.csv")',
            *(f"a{n} = {n}" for n in range(before)),
            "rows = StandardScaler().fit_transform(rows)",
            *(f"b{n} = {n}" for n in range(between)),
            "train, test = train_test_split(rows)",
            *(f"c{n} = {n}" for n in range(after)),
            "",
        ]
    )


def apart(entry: Entry, text: str, main: list[Span], trace: tuple[Span, ...] = ()) -> int:
    return reach(entry, main, trace, Ground(cst.parse_module(text))).apart


def line(number: int) -> Span:
    return Span(number, number)


def entry(category: Category, **changes: object) -> Entry:
    return replace(LEAK, category=category, **changes)  # type: ignore[arg-type]


@given(FEW, FEW, FEW)
def test_a_leak_is_as_far_as_the_split_is_from_it(before: int, between: int, after: int) -> None:
    leak = entry("leakage", elsewhere=("split",))
    assert apart(leak, program(before, between, after), [line(5 + before)]) == between + 1


@given(FEW)
def test_what_is_seen_whole_where_it_stands_has_no_reach(between: int) -> None:
    path = entry("configuration", elsewhere=("split",))
    assert apart(path, program(0, between), [line(5)]) == 0


@given(FEW, FEW)
def test_two_places_of_one_flaw_are_as_far_as_they_stand(between: int, more: int) -> None:
    path = entry("configuration", elsewhere=())
    text = program(0, between + more)
    assert apart(path, text, [line(5)], (line(5 + between),)) == between


def test_only_the_nearest_statement_of_a_landmark_counts() -> None:
    text = program(0, 3) + "\n" * 40 + "train, other = train_test_split(train)\n"
    assert apart(entry("leakage", elsewhere=("split",)), text, [line(5)]) == 4


@given(FEW)
def test_an_absence_is_as_far_as_its_function_is_long(length: int) -> None:
    text = "def load(path):\n" + "    path = path\n" * length + "    return path\n"
    absent = entry("validation", anchor="absence", elsewhere=())
    assert apart(absent, text, [line(2)]) == length + 1


@given(FEW)
def test_a_flaw_of_serving_is_as_far_as_the_fit_of_training(between: int) -> None:
    text = (
        "def serve(model, rows):\n    return model.predict(rows)\n"
        + "# filling\n" * between
        + "def train(model, rows, y):\n    model.fit(rows, y)\n    return model\n"
    )
    assert apart(entry("serving", elsewhere=()), text, [line(2)]) == between + 2


@pytest.mark.parametrize("main", [(5, 5), (5, 8), (4, 5)])
def test_its_own_lines_are_counted(main: tuple[int, int]) -> None:
    ground = Ground(cst.parse_module(program(0, 9)))
    assert reach(LEAK, [Span(*main)], (), ground).lines == main[1] - main[0] + 1
