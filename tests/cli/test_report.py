"""``grader report``: a page for its owner alone."""

import stat

import pytest
from click.testing import CliRunner

from grader.cli.main import cli
from grader.report.results import ResultsFolder
from grader.report.table import columns


@pytest.fixture
def report(tmp_path):
    with ResultsFolder(tmp_path / "results", columns((), ())):
        pass

    def run(results="results", *options):
        out = str(tmp_path / "page.html")
        return CliRunner().invoke(cli, ["report", str(tmp_path / results), "--out", out, *options])

    return run


def test_the_page_is_written(tmp_path, report):
    assert report().exit_code == 0
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")


def test_the_page_holds_the_key_so_only_its_owner_may_read_it(tmp_path, report):
    report()
    assert stat.S_IMODE((tmp_path / "page.html").stat().st_mode) == 0o600


def test_a_folder_without_results_is_exit_2(tmp_path, report):
    (tmp_path / "other").mkdir()
    done = report("other")
    assert done.exit_code == 2
    assert "holds no scores.csv" in done.stderr


def test_an_unknown_candidate_is_exit_2(report):
    done = report("results", "--candidate", "eve")
    assert done.exit_code == 2
    assert "no scored review is by eve" in done.stderr


def test_help_ends_with_an_example():
    text = CliRunner().invoke(cli, ["report", "--help"]).stdout
    assert text.rstrip().endswith("grader report results/ --out report.html")
