"""``grader generate`` with a blueprint, a list of people, an own script: what is said, and when."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli.main import cli
from grader.generate import blueprint
from grader.generate.blueprint import blueprint_of

MID = (Path(blueprint.__file__).parent / "blueprints" / "mid.toml").read_text("utf-8")


@pytest.fixture
def generate(tmp_path):
    def run(*options: str) -> Result:
        place = ["--out", str(tmp_path / "out"), "--keys", str(tmp_path / "keys")]
        return CliRunner().invoke(cli, ["generate", *place, *options])

    return run


def refused(result: Result, tmp_path: Path) -> str:
    """Return what was said; the refusal is one of ours and nothing was made."""
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.startswith("grader: ")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "keys").exists()
    return result.stderr


def test_a_team_may_have_a_blueprint_of_its_own(generate, tmp_path):
    text = MID.replace('name = "mid"', 'name = "ours"').replace("decoys = 4", "decoys = 2")
    (tmp_path / "ours.toml").write_text(text, "utf-8")
    done = generate(
        "--blueprint",
        str(tmp_path / "ours.toml"),
        "--scenario",
        "churn",
        "--no-run",
        "--demo-seed",
        "1",
    )
    assert done.exit_code == 0, done.output
    (file,) = (tmp_path / "keys").glob("*.json")
    key = json.loads(file.read_text("utf-8"))
    assert key["blueprint"]["name"] == "ours"
    assert (key["level"], len(key["decoys"])) == ("mid", 2)


def test_all_faults_of_a_blueprint_are_told_with_exit_2(generate, tmp_path):
    text = MID.replace("look = 60", "look = 600").replace('version = "1"\n', "")
    (tmp_path / "ours.toml").write_text(text, "utf-8")
    said = refused(generate("--blueprint", str(tmp_path / "ours.toml")), tmp_path)
    assert "ours.toml: 2 to mend" in said
    assert "version: is missing" in said
    assert "mess.look" in said


def test_a_blueprint_that_is_not_there_is_exit_2(generate, tmp_path):
    assert "none.toml" in refused(generate("--blueprint", str(tmp_path / "none.toml")), tmp_path)


def test_all_faults_of_a_list_are_told_with_exit_2(generate, tmp_path):
    (tmp_path / "p.csv").write_text("id,name\n,x\nann,y\nann,z\n", "utf-8")
    options = ("--candidates", str(tmp_path / "p.csv"), "--secret-file", str(tmp_path / "s"))
    said = refused(generate(*options), tmp_path)
    assert "p.csv: 2 to mend" in said
    assert "row 2: the id is empty" in said
    assert "row 4: the id ann is that of row 3" in said


def test_people_get_their_exercises_and_the_note_is_told(generate, tmp_path):
    (tmp_path / "p.csv").write_text("id;team\nann;blue\n", "utf-8")
    options = ("--candidates", str(tmp_path / "p.csv"), "--secret-file", str(tmp_path / "s"))
    done = generate(*options, "--scenario", "churn", "--no-run")
    assert done.exit_code == 0, done.output
    assert "Who has which exercise, private:" in done.stdout
    note = (tmp_path / "keys" / "assignments.csv").read_text("utf-8").splitlines()
    (home,) = (tmp_path / "out").iterdir()
    assert note == ["id,exercise,key,team", f"ann,{home.name},{home.name}.json,blue"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            ("--candidates", "p", "--count", "2", "--demo-seed", "1"),
            "--candidates cannot stand beside --count",
        ),
        (("--candidates", "p"), "--candidates needs --secret-file"),
        (("--level", "mid", "--blueprint", "b"), "--level cannot stand beside --blueprint"),
        (("--program", "p"), "--program needs --data-command"),
        (("--data-file", "d", "--brief", "b"), "--brief needs --program"),
        (
            ("--program", "p", "--data-command", "c", "--prove"),
            "--program cannot stand beside --prove",
        ),
        (("--program", "p", "--data-command", "c", "--scenario", "churn"), "beside --scenario"),
        (("--program", "none.py", "--data-command", "c", "--no-prove"), "none.py: cannot be read"),
    ],
)
def test_options_that_do_not_fit_are_refused(generate, tmp_path, options, says):
    assert says in refused(generate(*options), tmp_path)


@pytest.mark.parametrize(
    ("text", "command", "says"),
    [
        ("def f(:\n", "python s.py", "s.py: does not parse"),
        ("x = 1\n", "python s.py", "s.py: no kind of flaw fits"),
        ("x = 1\n", "python t.py", "--data-command: must be `python s.py ...`"),
    ],
)
def test_an_own_script_that_cannot_be_used_is_exit_2(generate, tmp_path, text, command, says):
    (tmp_path / "s.py").write_text(text, "utf-8")
    options = ("--program", str(tmp_path / "s.py"), "--data-command", command)
    assert says in refused(generate(*options), tmp_path)


def test_the_last_lines_of_a_failed_command_are_told(generate, tmp_path):
    script = Path(__file__).parent.parent / "cases" / "own_train.py"
    command = "python own_train.py --data none.csv"
    said = refused(generate("--program", str(script), "--data-command", command), tmp_path)
    assert "failed before anything was sown, exit code 1" in said
    assert "No such file or directory: 'none.csv'" in said


def test_the_catalog_says_where_the_blueprints_are():
    done = CliRunner().invoke(cli, ["catalog", "--blueprints", "--json"])
    assert done.exit_code == 0
    for row in json.loads(done.stdout)["blueprints"]:
        assert blueprint.load_blueprint(Path(row["file"])) == blueprint_of(row["blueprint"])
