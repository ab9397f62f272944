"""What holds for the tables of scenarios with several rows an entity."""

import pandas as pd
import pytest

from grader.scenarios.library import scenario

PANELS = ("store-demand", "predictive-maintenance")


@pytest.mark.parametrize("name", PANELS)
def test_a_seed_gives_one_table_and_another_seed_another(name: str) -> None:
    make = scenario(name).make
    assert make(4, 900).equals(make(4, 900))
    assert not make(4, 900).equals(make(5, 900))


@pytest.mark.parametrize("name", PANELS)
@pytest.mark.parametrize("rows", [1, 7, 899, 2900])
def test_a_table_has_as_many_rows_as_asked_for(name: str, rows: int) -> None:
    assert len(scenario(name).make(1, rows)) == rows


@pytest.mark.parametrize("name", PANELS)
def test_a_sample_holds_what_the_data_kinds_act_on(name: str) -> None:
    """Repeated rows, missing numbers and words, words to be cleaned, and late columns."""
    folder = scenario(name)
    table = folder.make(2, folder.facts.sample_rows)
    words = table.select_dtypes(["object", "string"])
    assert table.duplicated().sum() >= 5
    assert table.select_dtypes("number").isna().any().any()
    assert words.apply(lambda column: (column.str.strip() == "").any()).any()
    assert words.apply(lambda column: (column != column.str.strip()).any()).any()
    assert folder.facts.late_columns
    assert set(folder.facts.late_columns) < set(table.columns)


@pytest.mark.parametrize("name", PANELS)
def test_the_key_columns_name_a_row(name: str) -> None:
    folder = scenario(name)
    table = folder.make(2, folder.facts.sample_rows).drop_duplicates()
    keys = table[list(folder.facts.key_columns)].apply(
        lambda c: c.astype(str).str.strip().str.lower()
    )
    assert not keys.duplicated().any()


def test_the_share_of_failures_is_as_the_scenario_says() -> None:
    folder = scenario("predictive-maintenance")
    shares = pd.Series([folder.make(seed, 6000)["fails_24h"].mean() for seed in range(5)])
    assert shares.mean() == pytest.approx(folder.facts.positive_share, abs=0.006)
