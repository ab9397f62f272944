"""What the README and the help pages say is true."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli.main import COMMANDS, cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
REVIEW = "- L12: Check this line, the scaler is fitted before the split.\n- General remark.\n"


def readme_commands() -> list[list[str]]:
    blocks = re.findall(r"```console\n(.*?)```", README, re.S)
    lines = [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [shlex.split(line)[1:] for line in lines]


def test_the_commands_of_the_readme_run_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hiring lead generates, a candidate validates, a grader scores and reports."""
    monkeypatch.chdir(tmp_path)
    exercise = ""
    commands = readme_commands()
    assert [c[0] for c in commands] == ["generate", "validate", "score", "report"]
    for command in commands:
        words = [word.replace("EXERCISE", exercise) for word in command]
        # The proofs, a minute each, have tests of their own.
        words += ["--no-prove"] if command[0] == "generate" else []
        result = CliRunner().invoke(cli, words)
        assert result.exit_code == 0, f"{words}: {result.output}"
        if command[0] == "generate":
            exercise = next(Path("work/exercises").iterdir()).name
            review = Path(f"work/reviews/{exercise}__sam.md")
            review.parent.mkdir(parents=True)
            review.write_text(REVIEW, "utf-8")
    assert Path("work/results/scores.parquet").exists()
    assert "sam" in Path("work/report.html").read_text("utf-8")


def test_the_readme_names_every_command() -> None:
    named = set(re.findall(r"`?grader ([a-z]+)", README)) | set(
        re.findall(r"grader ([a-z]+)", README)
    )
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    named |= set(re.findall(r"grader ([a-z]+)", changelog))
    assert set(COMMANDS) <= named


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_ends_with_an_example(name: str) -> None:
    output = CliRunner().invoke(cli, [name, "--help"]).output
    assert f"grader {name}" in output.strip().splitlines()[-1] or "Example" in output
    assert f"grader {name}" in output[output.rindex("Example") :]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_says_what_a_command_does(name: str) -> None:
    assert COMMANDS[name][1] in CliRunner().invoke(cli, ["--help"]).output


@pytest.mark.parametrize("name", ["exercise", "key", "submission", "score", "result"])
def test_a_schema_is_printed_for_every_stored_record(name: str) -> None:
    result = CliRunner().invoke(cli, ["schema", name])
    assert result.exit_code == 0
    assert '"format_version"' in result.output


def test_the_wheel_holds_what_the_product_needs_and_nothing_private() -> None:
    """What is packed is said in pyproject.toml; the built wheel is checked by `.ci/run`."""
    import tomllib

    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert table["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == [
        "grader",
        "seeded_bugs",
    ]
