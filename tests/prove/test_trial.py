"""Which part of a table a batch holds."""

import pandas as pd

from grader.prove.groups import first_half
from grader.prove.material import Material
from grader.scenarios.library import scenario
from grader.stream import Stream


def half_of(name: str, table: pd.DataFrame) -> int:
    folder = scenario(name)
    return first_half(Material(folder.facts, folder.make, Stream(b"half", "test")), table)


def test_rows_of_one_moment_stay_together() -> None:
    days = ["d1", "d1", "d2", "d2", "d2", "d2", "d3", "d3"]
    assert half_of("product-recommendation", pd.DataFrame({"day": days})) == 2


def test_moments_of_one_row_each_are_cut_in_the_middle() -> None:
    times = [f"2025-01-0{n} 10:00:00" for n in range(1, 9)]
    assert half_of("card-fraud", pd.DataFrame({"timestamp": times})) == 4


def test_a_single_moment_is_cut_in_the_middle() -> None:
    assert half_of("product-recommendation", pd.DataFrame({"day": ["d1"] * 6})) == 3


def test_rows_without_a_time_are_cut_in_the_middle() -> None:
    assert half_of("churn", pd.DataFrame({"customer_id": list("abcdefg")})) == 3
