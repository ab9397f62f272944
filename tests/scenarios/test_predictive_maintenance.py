"""What the clean program of predictive maintenance promises in its docstrings."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from grader.scenarios.predictive_maintenance.data import make


@pytest.fixture
def program(program_of: Callable[[str], ModuleType]) -> Any:
    return program_of("predictive_maintenance")


@pytest.fixture
def shifts(program: Any, tmp_path: Path) -> pd.DataFrame:
    make(3, 2900).to_csv(tmp_path / "shifts.csv", index=False)
    table: pd.DataFrame = program.tidy_shifts(program.read_shifts(tmp_path / "shifts.csv"))
    return table


def test_no_machine_is_on_both_sides(program: Any, shifts: pd.DataFrame) -> None:
    known, fresh = program.split_by_machine(shifts, 0.25, 7)
    assert len(known) + len(fresh) == len(shifts)
    assert not set(known["machine_id"]) & set(fresh["machine_id"])
    share = fresh["machine_id"].nunique() / shifts["machine_id"].nunique()
    assert share == pytest.approx(0.25, abs=0.02)


def test_a_shift_knows_nothing_of_later_ones(program: Any, shifts: pd.DataFrame) -> None:
    cut = "2024-01-07 06:00"
    later = shifts["shift_start"] > cut
    other = shifts.copy()
    other.loc[later, ["vib_mm_s", "bearing_c", "jams"]] = 50
    before, after = (program.add_features(t)[program.DERIVED_COLS] for t in (shifts, other))
    kept = shifts.index[~later]
    pd.testing.assert_frame_equal(before.loc[kept], after.loc[kept])
    assert not before.equals(after)


def test_what_is_booked_after_a_failure_and_who_worked_leave_the_table(
    program: Any, shifts: pd.DataFrame
) -> None:
    assert not {*program.AFTER_FAILURE, program.BADGE} & set(shifts.columns)


def test_a_machine_stands_still_behind_the_shifts_that_foretell_its_failure() -> None:
    """The shift that the failure cut short and those of the repair have no row."""
    table = make(5, 5000).drop_duplicates().sort_values(["machine_id", "shift_start"])
    machine = table.assign(start=pd.to_datetime(table["shift_start"])).groupby("machine_id")
    pause = machine["start"].shift(-1) - pd.to_datetime(table["shift_start"])
    last = (table["fails_24h"] == 1) & (machine["fails_24h"].shift(-1) == 0)
    assert last.sum() > 50
    assert (pause[last] >= pd.Timedelta(hours=24)).all()
