"""``grader validate`` shows what was understood."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli.validate import validate


@pytest.fixture
def run(exercise_folder: Path, tmp_path: Path):
    """Run the command on a file with this name and content."""

    def command(name: str, content: bytes, *options: str) -> Result:
        path = tmp_path / name
        path.write_bytes(content)
        arguments = [str(path), "--exercise", str(exercise_folder), *options]
        return CliRunner().invoke(validate, arguments)

    return command


def test_the_table_shows_place_published_line_and_comment(run) -> None:
    """The candidate sees whether the place is the one that was meant."""
    result = run("churn-01__anna.csv", b"line,comment\n9,why?\n")
    assert result.exit_code == 0
    assert all(word in result.output for word in ("program.py:9", "import", "why?", "1 comments"))


def test_json_holds_the_submission(run) -> None:
    """As the grader reads it."""
    result = run("churn-01__anna.csv", b"line,comment\n9,why?\n", "--json")
    assert json.loads(result.stdout)["comments"][0]["line"] == 9


def test_faults_are_all_told_on_stderr_with_exit_code_2(run) -> None:
    """No traceback, nothing on stdout."""
    result = run("churn-01__anna.csv", b"line,comment\n900,x\n0,y\n")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "row 2: line 900" in result.stderr
    assert "row 3: line: '0'" in result.stderr


def test_nothing_steers_the_terminal(run) -> None:
    """Control and direction characters are gone, markup of the table library is text."""
    result = run("churn-01__anna.md", "- [red]a\x1b[31m\u202eb[/red]\n".encode())
    assert "\x1b" not in result.output
    assert "\u202e" not in result.output
    assert "[red]a" in result.output


def test_a_file_without_a_name_is_checked_and_told(run) -> None:
    """The returned program keeps its name until it is handed in."""
    result = run("program.py", b"# REVIEW L3: why?\n")
    assert result.exit_code == 0
    assert "name the file <exercise>__<candidate>.<ending>" in result.output


def test_help_ends_with_an_example() -> None:
    """It can be copied."""
    output = CliRunner().invoke(validate, ["--help"]).output
    assert output.rstrip().endswith(
        "grader validate churn-01__anna.csv --exercise exercises/churn-01"
    )
