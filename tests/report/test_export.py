"""A key and the verdicts on a review, as editors and code hosts take them."""

import json
import re

import pytest
from click.testing import CliRunner

from grader.cli.export import export
from grader.grading import grade
from grader.score.rubric import load_rubric

LEAK = "The scaler is fitted on all rows before the split, so test rows leak into training."


@pytest.fixture
def key_file(tmp_path, small_key):
    path = tmp_path / "keys" / "churn-1.json"
    path.parent.mkdir()
    path.write_bytes(small_key.canonical())
    return path


@pytest.fixture
def result_file(tmp_path, key_file):
    def run(*comments):
        rows = [{"file": "program.py", "line": n, "comment": t} if n else {"comment": t}
                for n, t in comments]  # fmt: skip
        body = {"exercise": "churn-1", "candidate": "bob", "comments": rows}
        (tmp_path / "bob.json").write_text(json.dumps(body))
        grade([tmp_path / "bob.json"], key_file.parent, tmp_path / "out", load_rubric())
        return tmp_path / "out" / "churn-1__bob.json"

    return run


def exported(path, form):
    done = CliRunner().invoke(export, [str(path), "--format", form])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_key_in_sarif_has_a_result_for_each_flaw_and_decoy_at_its_lines(key_file):
    log = json.loads(exported(key_file, "sarif"))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    told = [
        (r["ruleId"], r["level"], r["kind"],
         r["locations"][0]["physicalLocation"]["region"]["startLine"])
        for r in run["results"]
    ]  # fmt: skip
    assert told == [
        ("scaler_fitted_before_split", "error", "fail", 5),
        ("step_limit", "none", "pass", 7),
    ]
    assert {r["id"] for r in run["tool"]["driver"]["rules"]} == {t[0] for t in told}


def test_verdicts_in_sarif_tell_the_reason_and_what_was_missed(result_file):
    (run,) = json.loads(exported(result_file((7, "Hardcoded hyperparameter.")), "sarif"))["runs"]
    assert [r["ruleId"] for r in run["results"]] == ["contradicted", "missed"]
    assert "converges in under 100 steps" in run["results"][0]["message"]["text"]
    assert run["results"][1]["level"] == "error"


def test_rdjsonl_has_one_diagnostic_a_line(key_file):
    lines = exported(key_file, "rdjsonl").splitlines()
    first, second = map(json.loads, lines)
    assert first["location"] == {
        "path": "program.py",
        "range": {"start": {"line": 5}, "end": {"line": 5}},
    }
    assert (first["severity"], second["severity"]) == ("ERROR", "INFO")


def test_a_review_for_github_comments_and_approves_nothing(result_file):
    review = json.loads(exported(result_file((5, LEAK), (None, "Nice work overall.")), "github"))
    assert review["event"] == "COMMENT"
    (one,) = review["comments"]
    assert (one["path"], one["line"], one["side"]) == ("program.py", 5, "RIGHT")
    assert "Nice work overall." in review["body"]


@pytest.mark.parametrize(
    "text", ["@team look ```\n@all", "````` @x", "<img src=x> @you", "``` ```` @a\n```"]
)
def test_a_candidates_words_stay_within_their_fence(result_file, text):
    review = json.loads(exported(result_file((5, text)), "github"))
    body = review["comments"][0]["body"]
    fence = re.match(r"`+", body).group()
    inner = body.split("\n", 1)[1].rsplit(f"\n{fence}\n", 1)[0]
    assert fence not in inner
    assert text.splitlines()[0] in inner


def test_control_characters_are_shown_and_not_sent(result_file):
    for form in ("sarif", "rdjsonl", "github"):
        assert "\\u001b" not in exported(result_file((5, "leak \x1b[31mred")), form)


@pytest.mark.parametrize(("name", "text"), [("a.json", "{}"), ("b.json", "[1]"), ("c.json", "x")])
def test_what_is_neither_key_nor_result_is_refused(tmp_path, name, text):
    from grader.cli.main import cli

    path = tmp_path / name
    path.write_text(text)
    done = CliRunner().invoke(cli, ["export", str(path), "--format", "sarif"])
    assert done.exit_code == 2
    assert "give one of them" in done.output


def test_the_file_is_readable_by_its_owner_alone(tmp_path, key_file):
    out = tmp_path / "key.sarif"
    CliRunner().invoke(export, [str(key_file), "--format", "sarif", "--out", str(out)])
    assert out.stat().st_mode & 0o777 == 0o600
    assert json.loads(out.read_text())["runs"]
