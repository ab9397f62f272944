"""A new exercise that all but repeats one to avoid is left, and the next in line taken."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.avoid import Avoided, avoided
from grader.bank import Secret, make_checked, make_many, unchecked, unlike_check
from grader.cli.main import cli
from grader.errors import ExerciseError, RunError
from grader.generate.build import Made
from grader.generate.exercise import Wish
from grader.generate.likeness import NEAR_DUPLICATE, grams, share
from grader.generate.notebook import build_notebook
from grader.stream import Stream

SECRET = Secret(bytes(32), "demo")
WISH = Wish(scenario="churn")


@pytest.fixture(scope="module")
def two() -> list[Made]:
    return [c.made for c in make_many(SECRET, WISH, 2, unchecked)]


def test_the_share_counts_what_both_have_over_the_smaller() -> None:
    a, b = grams("a = b + c * d\n"), grams("a = b + c * d - e\n")
    assert len(a) == 3
    assert len(b) == 5
    assert share(a, b) == 1.0
    assert share(a, grams("f(x)[y] = 1\n")) == 0.0
    assert share(grams(""), a) == 0.0


def test_layout_comments_and_quotes_make_no_difference() -> None:
    plain = grams('def f(x):\n    return x["a"] + 1\n')
    assert plain == grams("def f(x):  # why\n\n        return x['a']+1\n")


def test_a_program_and_its_renamed_twin_are_told_apart() -> None:
    assert share(grams("total = first + second\n"), grams("s = a + b\n")) == 0.0


def test_an_exercise_is_near_itself_and_not_near_another(two: list[Made]) -> None:
    avoid = Avoided()
    avoid.add(two[0])
    near = avoid.near(two[0])
    assert near is not None
    assert (near.exercise, near.share) == (two[0].exercise.id, 1.0)
    assert avoid.near(two[1]) is None


def test_a_near_duplicate_is_left_and_the_next_taken(two: list[Made]) -> None:
    avoid = Avoided()
    avoid.add(two[0])
    checked = make_checked(SECRET, WISH, "exercise/0", unlike_check(avoid, unchecked))
    assert checked.made.exercise.id != two[0].exercise.id
    assert share(grams(checked.made.key.program), grams(two[0].key.program)) <= NEAR_DUPLICATE
    assert len(checked.replaced) == 1
    assert f"a near-duplicate of {two[0].exercise.id}: 100%" in checked.replaced[0]


def test_nothing_to_avoid_changes_nothing(two: list[Made]) -> None:
    again = list(make_many(SECRET, WISH, 2, unlike_check(Avoided(), unchecked)))
    assert [c.made.files for c in again] == [m.files for m in two]
    assert [c.replaced for c in again] == [(), ()]


def test_what_was_made_is_avoided_and_what_failed_its_check_is_not(two: list[Made]) -> None:
    def refuse(_: Made) -> Made:
        raise RunError("does not run")

    avoid = Avoided()
    with pytest.raises(RunError, match="does not run"):
        unlike_check(avoid, refuse)(two[0])
    assert unlike_check(avoid, unchecked)(two[0]) is two[0]
    with pytest.raises(RunError, match="near-duplicate"):
        unlike_check(avoid, unchecked)(two[0])


def test_it_is_an_error_if_every_attempt_is_a_near_duplicate(
    two: list[Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.bank.make_exercise", lambda *_: two[0])
    avoid = Avoided()
    avoid.add(two[0])
    with pytest.raises(RunError, match=r"none of 20 attempts is fit .*near-duplicate of"):
        make_checked(SECRET, WISH, "exercise/0", unlike_check(avoid, unchecked))


def test_a_folder_of_exercises_is_read_as_scripts_and_notebooks(
    two: list[Made], tmp_path: Path
) -> None:
    program = two[0].key.program
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "program.py").write_text(program)
    book = build_notebook(program, "Title", "main([])", "two", Stream(bytes(32), "book"))
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "program.ipynb").write_bytes(book.data)
    (tmp_path / "note.txt").write_text("no exercise")
    found = avoided(tmp_path)
    assert sorted(found.known) == ["one", "two"]
    assert share(found.known["one"], found.known["two"]) > 0.95


@pytest.mark.parametrize("text", ["def f(:\n  '''", "{}", '{"cells": [3]}'])
def test_a_program_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    home = tmp_path / "broken"
    home.mkdir()
    (home / "program.ipynb").write_text(text)
    with pytest.raises(ExerciseError, match=r"broken/program\.ipynb"):
        avoided(tmp_path)


def test_a_missing_folder_is_told() -> None:
    with pytest.raises(ExerciseError, match="no such folder"):
        avoided(Path("/nowhere/at/all"))


def test_the_command_says_that_it_drew_another(two: list[Made], tmp_path: Path) -> None:
    arguments = ["generate", "--scenario", "churn", "--demo-seed", "5", "--no-run"]
    first = [*arguments, "--out", str(tmp_path / "a"), "--keys", str(tmp_path / "ka")]
    again = [*arguments, "--out", str(tmp_path / "b"), "--keys", str(tmp_path / "kb")]
    runner = CliRunner()
    assert runner.invoke(cli, first).exit_code == 0
    result = runner.invoke(cli, [*again, "--avoid", str(tmp_path / "a")])
    assert result.exit_code == 0, result.output
    assert "near-duplicate" in result.output
    names = [{p.name for p in (tmp_path / x).iterdir()} for x in "ab"]
    assert not names[0] & names[1]
    refused = runner.invoke(cli, [*again, "--avoid", str(tmp_path / "c")])
    assert refused.exit_code == 2
