"""The results folder: whole or not at all, the same bytes, and readable again."""

import pandas as pd
import pytest

from grader.errors import OutputError
from grader.report.results import ResultsFolder, read_results, safe
from grader.report.table import columns
from grader.score.flags import FLAGS

SHOWN = columns(("serving",), FLAGS)


@pytest.fixture
def write(form):
    def into(out, *results):
        with ResultsFolder(out, SHOWN) as folder:
            folder.add(results)
            folder.add_form(form)
        return out

    return into


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_is_written_is_read_again(tmp_path, write, result, failed, form):
    read = read_results(write(tmp_path / "r", result(), failed))
    assert set(read.results) == {result(), failed}
    assert read.forms == {"churn-1": form}


def test_a_stored_result_is_the_canonical_text(tmp_path, write, result):
    stored = write(tmp_path / "r", result(text='β \x1b \u2028 \U0001f600 "')) / "churn-1__ada.json"
    assert stored.read_bytes() == read_results(tmp_path / "r").results[0].canonical()


def test_equal_results_give_equal_bytes(tmp_path, write, result, failed):
    one = write(tmp_path / "one", result(), failed)
    other = write(tmp_path / "other", result(), failed)
    assert contents(one) == contents(other)


def test_the_parquet_table_says_what_the_csv_says(tmp_path, write, result, failed):
    out = write(tmp_path / "r", result(), failed)
    table = pd.read_parquet(out / "scores.parquet")
    text = pd.read_csv(out / "scores.csv")
    assert list(table.columns) == list(text.columns)
    assert table["score"].tolist()[0] == text["score"].tolist()[0] == 57.0


def test_batches_give_the_bytes_of_one_batch(tmp_path, write, result):
    with ResultsFolder(tmp_path / "two", SHOWN) as folder:
        folder.add([result("ada")])
        folder.add([result("bob")])
    one = write(tmp_path / "one", result("ada"), result("bob"))
    assert (one / "scores.csv").read_bytes() == (tmp_path / "two" / "scores.csv").read_bytes()


def test_a_failure_on_the_way_leaves_the_old_results(tmp_path, write, result):
    out = write(tmp_path / "r", result())
    before = contents(out)

    def interrupted():
        with ResultsFolder(out, SHOWN) as folder:
            folder.add([result("bob")])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert contents(out) == before
    assert [p.name for p in tmp_path.iterdir()] == ["r"]


def test_older_results_are_replaced_whole(tmp_path, write, result):
    write(tmp_path / "r", result("ada"))
    write(tmp_path / "r", result("bob"))
    assert [r.candidate for r in read_results(tmp_path / "r").results] == ["bob"]
    assert [p.name for p in tmp_path.iterdir()] == ["r"]


def test_a_folder_of_something_else_is_refused_and_kept(tmp_path, write, result):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match="choose another folder"):
        write(tmp_path, result())
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_an_empty_folder_is_taken(tmp_path, write, result):
    (tmp_path / "r").mkdir()
    assert (write(tmp_path / "r", result()) / "scores.csv").is_file()


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "..", "", "x" * 300, "é", "a\x00b"])
def test_no_name_leads_out_of_the_folder(name):
    plain = safe(name)
    assert not {"/", "\\", "\x00"} & set(plain)
    assert not plain.startswith(".")
    assert 0 < len(plain) < 100


def test_names_that_differ_stay_apart(tmp_path, write, result):
    names = ["Ada", "ada", "a/da", "a?da", "ada"]
    out = write(tmp_path / "r", *[result(name) for name in names])
    assert len(list(out.glob("churn-1__*.json"))) == len(names)


def test_a_damaged_file_is_named(tmp_path, write, result):
    out = write(tmp_path / "r", result())
    (out / "churn-1__ada.json").write_text('{"format_version": 1}')
    with pytest.raises(OutputError, match=r"churn-1__ada\.json: is damaged"):
        read_results(out)


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(OutputError, match=r"holds no scores\.csv"):
        read_results(tmp_path)
