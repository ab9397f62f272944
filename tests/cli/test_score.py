"""``grader score``: exit codes, and what stands on the terminal."""

import json

import pytest
from click.testing import CliRunner

from grader.cli.main import cli


@pytest.fixture
def place(tmp_path, small_key):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "churn-1.json").write_bytes(small_key.canonical())
    (tmp_path / "in").mkdir()
    body = {"exercise": "churn-1", "candidate": "ada", "comments": []}
    (tmp_path / "in" / "a.json").write_text(json.dumps(body))
    return tmp_path


@pytest.fixture
def score(place):
    def run(*options):
        told = ["score", str(place / "in"), "--keys", str(place / "keys")]
        return CliRunner().invoke(cli, [*told, "--out", str(place / "out"), *options])

    return run


def test_all_scored_is_exit_0(score):
    done = score()
    assert done.exit_code == 0
    assert "1 scored, 0 failed" in done.stdout


def test_a_failed_submission_is_exit_1(place, score):
    (place / "in" / "churn-1__eve.csv").write_text("line,comment\n12a,hello\n")
    done = score()
    assert done.exit_code == 1
    assert "'12a' is not a line number" in done.stdout


@pytest.mark.parametrize("options", [("--keys", "missing"), ("--rubric", "missing.toml")])
def test_wrong_keys_or_rubric_are_exit_2(score, options):
    done = score(*options)
    assert done.exit_code == 2
    assert "missing" in done.stderr


def test_json_is_one_object(score):
    told = json.loads(score("--json").stdout)
    assert (told["scored"], told["submissions"][0]["score"]) == (1, 0.0)


def test_no_escape_sequence_of_a_candidate_reaches_the_terminal(place, score):
    (place / "in" / "b\x1b[31m.json").write_text("{")
    assert "\x1b[31m" not in score().stdout


def test_help_ends_with_an_example():
    text = CliRunner().invoke(cli, ["score", "--help"]).stdout
    assert text.rstrip().endswith("grader score submissions/ --keys answer_keys/ --out results/")
