"""The table: typed cells, decimal points, and nothing that a spreadsheet would run."""

import csv
from io import StringIO

import pytest

from grader.report.table import as_csv, columns, frame, harmless
from grader.score.flags import FLAGS
from grader.score.rubric import load_rubric
from grader.score.subscores import subscore_names

SHOWN = columns(subscore_names(load_rubric()), FLAGS)


@pytest.fixture
def cells():
    def read(*results):
        text = as_csv(frame(results, SHOWN), SHOWN, header=True).decode()
        return list(csv.DictReader(StringIO(text)))

    return read


def test_points_are_decimal_numbers_with_three_decimals(cells, result):
    row = cells(result())[0]
    assert (row["score"], row["detection"]) == ("57.000", "30.000")


def test_the_table_holds_every_subscore_and_flag(cells, result):
    row = cells(result())[0]
    assert row["sub_statistical_validity"] == "50.000"
    assert row["flag_identifies_leakage"] == "True"


def test_what_was_not_keyed_is_empty_not_zero(cells, result):
    assert cells(result())[0]["sub_serving"] == ""


def test_a_failed_submission_is_a_row_with_its_error(cells, failed):
    row = cells(failed)[0]
    assert (row["status"], row["score"]) == ("error", "")
    assert "row 7" in row["error"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"], ids=repr)
def test_a_formula_is_text(start):
    assert harmless(f"{start}1+1") == f"'{start}1+1"


def test_a_candidate_called_like_a_formula_is_text_in_the_csv(cells, result):
    assert cells(result('=HYPERLINK("x")'))[0]["candidate"] == '\'=HYPERLINK("x")'


def test_text_within_a_cell_stays_as_it_is():
    assert harmless("a=b") == "a=b"


def test_the_columns_do_not_depend_on_the_rows(result, failed):
    both, one = frame([result(), failed], SHOWN), frame([failed], SHOWN)
    assert dict(both.dtypes) == dict(one.dtypes)
