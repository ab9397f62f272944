"""A team's own script: read and run before it is sown, and fit to be graded afterwards."""

import ast
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Never

import pytest
from click.testing import CliRunner

from grader import catalog
from grader.bank import demo_secret, publish
from grader.cli.main import cli
from grader.errors import PlanError, ProgramError
from grader.generate.blueprint import blueprint_of
from grader.generate.exercise import Wish
from grader.generate.own import ground_of
from grader.own_program import OwnMade, OwnProgram, call_of, make_own, read_own, runs
from grader.prove.run import run_program
from grader.spans import split_lines

SCRIPT = Path(__file__).parent / "cases" / "own_train.py"
COMMAND = "python own_train.py --data d.csv"


def customers() -> str:
    draw = random.Random(3)
    rows = ["age,months,spent,plan,left"]
    for _ in range(300):
        months = draw.randint(1, 60)
        left = int(draw.random() < (0.6 if months < 20 else 0.2))
        plan = draw.choice(["basic", "plus", "pro"])
        rows.append(f"{draw.randint(18, 80)},{months},{draw.uniform(5, 90):.2f},{plan},{left}")
    return "\n".join([*rows, ""])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("own") / "d.csv"
    file.write_text(customers(), "utf-8")
    return file


@pytest.fixture(scope="module")
def own(data: Path) -> OwnProgram:
    return read_own(SCRIPT, COMMAND, [data], None)


@pytest.fixture(scope="module")
def sown(own: OwnProgram) -> OwnMade:
    return make_own(demo_secret(3), own, Wish(), "exercise/0", runs(own))


def test_the_sown_script_runs_by_its_command_beside_its_data(
    own: OwnProgram, sown: OwnMade
) -> None:
    made = sown.checked.made
    assert set(made.files) == {"program.py", "brief.md", "exercise.json", "d.csv"}
    (ran,) = run_program(made.files, [["program.py", "--data", "d.csv"]])
    assert ran.sound, ran.stderr


def test_the_program_is_not_varied_but_sown(own: OwnProgram, sown: OwnMade) -> None:
    made = sown.checked.made
    assert ast.dump(ast.parse(made.clean)) == ast.dump(ast.parse(SCRIPT.read_text("utf-8")))
    assert ast.dump(ast.parse(made.key.program)) != ast.dump(ast.parse(made.clean))
    assert len(made.key.items) >= 3


def test_snippets_stand_at_their_lines(sown: OwnMade) -> None:
    key = sown.checked.made.key
    lines = split_lines(key.program)
    for item in (*key.items, *key.decoys):
        for place in item.places:
            found = "\n".join(lines[place.lines.start - 1 : place.lines.end])
            assert found == place.snippet


def test_counts_that_do_not_fit_are_told_and_the_blueprint_is_not_claimed(sown: OwnMade) -> None:
    key, wanted = sown.checked.made.key, blueprint_of("mid")
    far = sum((item.apart or 0) >= wanted.reach.apart for item in key.items)
    counts = {
        "flaws": (len(key.items), wanted.flaws),
        "decoys": (len(key.decoys), wanted.decoys),
        "lines": (key.program.count("\n"), wanted.lines),
        "delocalised": (far, wanted.reach.delocalised),
    }
    told = {fault.split(":")[0] for fault in sown.unmet}
    for name, (found, (low, high)) in counts.items():
        assert (name in told) == (not low <= found <= high), name
        assert found <= high, "the most never gives way"
    assert (key.blueprint is None) == bool(sown.unmet)
    assert "lines" in told


def test_no_claim_says_that_it_was_proved(sown: OwnMade) -> None:
    key = sown.checked.made.key
    assert {e.proof.status for e in (*key.items, *key.decoys)} == {"unproved"}


def test_the_same_secret_gives_the_same_bytes(own: OwnProgram, sown: OwnMade) -> None:
    again = make_own(demo_secret(3), own, Wish(), "exercise/0", lambda made: made)
    assert again.checked.made.files == sown.checked.made.files
    assert again.checked.made.key == sown.checked.made.key


def test_a_plain_brief_says_what_the_script_says_and_how_it_is_run(sown: OwnMade) -> None:
    brief = sown.checked.made.files["brief.md"].decode()
    assert brief.startswith("# Will a customer leave? Trains a model on the table of customers\n")
    assert "python program.py --data d.csv" in brief
    assert "45 minutes" in brief
    assert "{" not in brief.replace('{"', "").replace('[{"', "").split("`.json`")[0]


def test_a_review_of_it_is_graded_like_any_other(sown: OwnMade, tmp_path: Path) -> None:
    made = sown.checked.made
    publish(made, tmp_path / "out", tmp_path / "keys")
    first = made.key.items[0]
    reviews = tmp_path / "in"
    reviews.mkdir()
    line = first.places[0].lines.start
    text = f"- L{line}: {first.said_well[0]} {first.harm} {first.fix}\n"
    (reviews / f"{made.exercise.id}__sam.md").write_text(text, "utf-8")
    place = ["--keys", str(tmp_path / "keys"), "--exercises", str(tmp_path / "out")]
    done = CliRunner().invoke(cli, ["score", str(reviews), *place, "--out", str(tmp_path / "r")])
    assert done.exit_code == 0, done.output
    result = (tmp_path / "r" / f"{made.exercise.id}__sam.json").read_text("utf-8")
    assert f'"{first.id}"' in result
    assert "1 scored, 0 failed" in done.stdout


def test_a_wished_kind_that_offers_no_site_is_refused(own: OwnProgram) -> None:
    wish = Wish(include=("shuffled_time_split",))
    with pytest.raises(PlanError, match="offers no site"):
        make_own(demo_secret(3), own, wish, "exercise/0", lambda made: made)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def f(:\n", r"does not parse \(line 1"),
        ("a = 1\x00\n", "does not parse"),
        ("print('hello')\n", "no kind of flaw fits"),
        ("", "no kind of flaw fits"),
    ],
)
def test_a_script_that_cannot_be_sown_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "s.py").write_text(text, "utf-8")
    with pytest.raises(ProgramError, match=says):
        read_own(tmp_path / "s.py", "python s.py", [], None)


def test_a_script_that_fails_is_refused_with_its_last_lines() -> None:
    with pytest.raises(ProgramError) as told:
        read_own(SCRIPT, COMMAND, [], None)
    assert "exit code 1; its last lines:" in str(told.value)
    assert "FileNotFoundError" in str(told.value)
    assert "--data-file" in str(told.value)


def test_line_ends_and_marks_of_other_systems_make_no_difference(
    own: OwnProgram, data: Path, tmp_path: Path
) -> None:
    text = "\ufeff" + SCRIPT.read_text("utf-8").replace("\n", "\r\n")
    (tmp_path / SCRIPT.name).write_bytes(text.encode())
    assert read_own(tmp_path / SCRIPT.name, COMMAND, [data], None) == own


def test_faults_of_data_files_are_told_together(tmp_path: Path, data: Path) -> None:
    shutil.copy(data, tmp_path / "program.py")
    files = [tmp_path / "program.py", data, data, tmp_path / "none.csv"]
    with pytest.raises(ProgramError) as told:
        read_own(SCRIPT, COMMAND, files, None)
    for said in ("exercise's own", "d.csv: given twice", "none.csv: cannot be read"):
        assert said in str(told.value)


@pytest.mark.parametrize(
    ("command", "call"),
    [
        ("python s.py", ("program.py",)),
        (
            "python3 -u src/s.py train --data 'a b.csv'",
            ("-u", "program.py", "train", "--data", "a b.csv"),
        ),
        ("/usr/bin/python3.12 s.py s.py", ("program.py", "s.py")),
    ],
)
def test_a_command_runs_the_published_script(command: str, call: tuple[str, ...]) -> None:
    assert call_of(command, "s.py") == call


@pytest.mark.parametrize(
    "command",
    ["", "python", "python other.py", "./s.py", "bash s.py", "python 's.py", "python s.py && ls"],
)
def test_a_command_that_does_not_run_the_script_is_refused(command: str) -> None:
    with pytest.raises(ProgramError, match="--data-command"):
        call_of(command, "s.py")


def test_a_kind_that_fails_on_a_script_is_left_out_and_told() -> None:
    def broken(module: object) -> Iterator[Never]:
        raise KeyError("split")

    bug = catalog.bug("hardcoded_path")
    faulty = replace(bug, find=broken)
    ground = ground_of(SCRIPT.read_text("utf-8"), {"sound": bug, "faulty": faulty}, {})
    assert list(ground.kinds) == ["sound"]
    assert ground.stumbled == ("faulty: its seeder failed (KeyError: 'split')",)
