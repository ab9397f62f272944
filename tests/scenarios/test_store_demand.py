"""What the clean program of store demand promises in its docstrings."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from grader.scenarios.library import HOME
from grader.scenarios.store_demand.data import make

CONFIG = HOME / "store_demand" / "config.toml"


@pytest.fixture
def program(program_of: Callable[[str], ModuleType]) -> Any:
    return program_of("store_demand")


@pytest.fixture
def sales(program: Any, tmp_path: Path) -> pd.DataFrame:
    """A clean panel of 120 days."""
    make(3, 2887).to_csv(tmp_path / "sales.csv", index=False)
    table: pd.DataFrame = program.clean_sales(program.load_sales(tmp_path / "sales.csv"))
    return table


def test_the_settings_that_are_shipped_are_accepted(program: Any) -> None:
    assert set(program.read_settings(CONFIG)) == set(program.SETTINGS)


def test_every_fault_of_the_settings_is_told_at_once(program: Any, tmp_path: Path) -> None:
    text = CONFIG.read_text().replace("folds = 4", 'folds = "4"').replace("draws", "drawz")
    (tmp_path / "config.toml").write_text(text.replace("holdout_share = 0.2", "holdout_share = 2"))
    with pytest.raises(program.InputError) as told:
        program.read_settings(tmp_path / "config.toml")
    for fault in ("drawz is no setting", "draws must be int", "folds must be int", "holdout_share"):
        assert fault in str(told.value)


def test_a_series_tells_of_the_days_before_only(program: Any, sales: pd.DataFrame) -> None:
    """Other sales from a day on leave every feature up to that day as it is."""
    settings = program.read_settings(CONFIG)
    day = sales["day"].quantile(0.6).normalize()
    other = sales.assign(sold=sales["sold"].where(sales["day"] < day, 999))
    before, after = (program.add_features(table, settings) for table in (sales, other))
    known, later = before["day"] <= day, before["day"] > day
    past = ["sold_week_ago", *program.PAST_COLUMNS]
    pd.testing.assert_frame_equal(before.loc[known, past], after.loc[known, past])
    assert not before.loc[later, past].equals(after.loc[later, past])


def test_a_lag_goes_back_within_its_own_series(program: Any, sales: pd.DataFrame) -> None:
    table = program.add_features(sales, program.read_settings(CONFIG))
    key = [table["day"], table["store"], table["product_group"]]
    sold = pd.Series(table["sold"].to_numpy(), index=pd.MultiIndex.from_arrays(key))
    week = pd.Timedelta(days=7)
    then = pd.MultiIndex.from_arrays([table["day"] - week, *key[1:]])
    expected = sold.reindex(then).to_numpy()
    np.testing.assert_array_equal(table["sold_week_ago"].to_numpy(), expected)


def test_a_skipped_day_is_refused(program: Any, sales: pd.DataFrame) -> None:
    gap = sales["day"] == sales["day"].quantile(0.5).normalize()
    with pytest.raises(program.InputError, match="24 gaps"):
        program.add_features(sales[~gap], program.read_settings(CONFIG))


def test_no_day_is_on_both_sides_and_the_newer_side_is_newer(
    program: Any, sales: pd.DataFrame
) -> None:
    settings = program.read_settings(CONFIG)
    shuffled = sales.sample(frac=1, random_state=1)
    older, newer = program.split_by_date(shuffled, settings["holdout_share"])
    assert older["day"].max() < newer["day"].min()
    folds = program.date_folds(older["day"], settings)
    assert len(folds) == settings["folds"]
    for learnt, checked in folds:
        assert older["day"].iloc[learnt].max() < older["day"].iloc[checked].min()


def test_a_coming_day_is_forecast_alike_alone_and_with_others(
    program: Any, sales: pd.DataFrame, tmp_path: Path
) -> None:
    """What a series sold before comes with the model, not with the batch."""
    data = tmp_path / "sales.csv"
    program.train(data, tmp_path, program.read_settings(CONFIG), 7)
    last = pd.read_csv(data, keep_default_na=False).drop_duplicates().tail(24)
    tomorrow = pd.to_datetime(last["day"]) + pd.Timedelta(days=1)
    coming = last.assign(day=tomorrow.dt.strftime("%Y-%m-%d")).drop(columns="sold")
    forecasts = []
    for rows in (coming, coming.head(1)):
        rows.to_csv(tmp_path / "coming.csv", index=False)
        program.predict(tmp_path / "coming.csv", tmp_path)
        forecasts.append(pd.read_csv(tmp_path / "predictions.csv"))
    together, alone = forecasts
    assert len(together) == 24
    assert together.merge(alone, how="inner").shape[0] == 1
