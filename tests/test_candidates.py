"""Each person has an exercise of their own, whatever becomes of the list."""

import stat
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from grader import bank, candidates
from grader.bank import Secret, unchecked
from grader.candidates import Given, Places, give, own_secret
from grader.errors import PeopleError, RunError
from grader.generate.build import Made
from grader.generate.exercise import Wish, make_exercise
from grader.people import Person

SECRET = Secret(b"a master secret of thirty-two by", "file")
WISH = Wish("churn", "junior")
ANN = Person("ann-zq7", {"name": "Ann Zauberberg"})
BOB = Person("bob-xk9", {"name": "Bob Ypsilon"})


@pytest.fixture(autouse=True)
def _made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making is pure, so the same exercise need not be made again for another test."""
    monkeypatch.setattr(bank, "make_exercise", ONCE)
    monkeypatch.setattr(candidates, "make_exercise", ONCE)


ONCE = cache(make_exercise)


def run(home: Path, people: Sequence[Person], wish: Wish = WISH) -> list[Given]:
    return list(give(SECRET, wish, people, Places(home / "out", home / "keys"), unchecked))


def files(home: Path) -> dict[str, bytes]:
    return {str(f.relative_to(home)): f.read_bytes() for f in home.rglob("*") if f.is_file()}


def test_the_same_secret_and_people_give_the_same_bytes(tmp_path: Path) -> None:
    run(tmp_path / "a", [ANN, BOB])
    run(tmp_path / "b", [ANN, BOB])
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_a_person_who_comes_first_changes_nobody_elses_exercise(tmp_path: Path) -> None:
    (before,) = run(tmp_path / "a", [BOB])
    _, after = run(tmp_path / "b", [ANN, BOB])
    assert after.key == before.key
    first, second = run(tmp_path / "a", [ANN, BOB])
    assert (first.kept, second.kept) == (False, True)
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_two_people_have_two_exercises_of_one_blueprint(tmp_path: Path) -> None:
    first, second = (given.key for given in run(tmp_path, [ANN, BOB]))
    assert first.program != second.program
    assert first.blueprint == second.blueprint is not None


def test_only_the_note_beside_the_keys_says_who_has_which(tmp_path: Path) -> None:
    given = run(tmp_path, [ANN, BOB])
    note = tmp_path / "keys" / "assignments.csv"
    assert note.read_text("utf-8").splitlines()[1:] == [
        f"{g.person.id},{g.key.exercise},{g.key.exercise}.json,{g.person.others['name']}"
        for g in given
    ]
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    words = [w for p in (ANN, BOB) for w in (p.id, p.others["name"])]
    for name, data in files(tmp_path).items():
        if name != "keys/assignments.csv":
            assert not [w for w in words if w.encode() in data or w in name], name


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    run(tmp_path / "whole", [ANN, BOB])
    places = Places(tmp_path / "cut" / "out", tmp_path / "cut" / "keys")
    next(give(SECRET, WISH, [ANN, BOB], places, unchecked))
    assert [given.kept for given in run(tmp_path / "cut", [ANN, BOB])] == [True, False]
    assert files(tmp_path / "cut") == files(tmp_path / "whole")


def test_what_is_kept_is_not_checked_again(tmp_path: Path) -> None:
    run(tmp_path, [ANN])

    def refuse(made: Made) -> Made:
        raise RunError("was checked")

    (kept,) = give(SECRET, WISH, [ANN], Places(tmp_path / "out", tmp_path / "keys"), refuse)
    assert kept.kept


def test_a_damaged_exercise_is_written_anew(tmp_path: Path) -> None:
    (given,) = run(tmp_path, [ANN])
    before = files(tmp_path)
    (tmp_path / "out" / given.key.exercise / "program.py").write_text("other")
    (tmp_path / "out" / given.key.exercise / "brief.md").unlink()
    run(tmp_path, [ANN])
    assert files(tmp_path) == before


def test_whoever_left_the_list_stays_in_the_note(tmp_path: Path) -> None:
    run(tmp_path, [ANN, BOB])
    run(tmp_path, [BOB])
    note = (tmp_path / "keys" / "assignments.csv").read_text("utf-8")
    assert [line.split(",")[0] for line in note.splitlines()] == ["id", BOB.id, ANN.id]


@pytest.mark.parametrize("wish", [Wish("churn", "mid"), Wish("churn", "junior", minutes=90)])
def test_nobody_silently_gets_another_exercise(tmp_path: Path, wish: Wish) -> None:
    run(tmp_path, [ANN])
    before = files(tmp_path)
    with pytest.raises(PeopleError, match=r"ann-zq7 has exercise .* another would be made"):
        run(tmp_path, [ANN], wish)
    assert files(tmp_path) == before


def test_another_secret_is_refused_where_people_have_exercises(tmp_path: Path) -> None:
    run(tmp_path, [ANN])
    places = Places(tmp_path / "out", tmp_path / "keys")
    with pytest.raises(PeopleError, match="same secret file"):
        list(give(Secret(bytes(32), "file"), WISH, [ANN], places, unchecked))


def test_case_and_form_of_letters_do_not_make_another_person() -> None:
    assert own_secret(SECRET, Person("ANN-zq7", {})) == own_secret(SECRET, ANN)
    assert own_secret(SECRET, BOB) != own_secret(SECRET, ANN)
    assert own_secret(SECRET, Person("e\u0301", {})) == own_secret(SECRET, Person("\u00e9", {}))
