"""Verdicts: a flaw counts at its lines and not in the twin; nothing else may be found."""

from dataclasses import dataclass, field

import pytest

from grader.prove import judge as judging
from grader.prove.finding import Finding, Oracle
from grader.prove.judge import Charge, judge, strays

PROGRAM = "a = 1\nb = f(\n    a,\n)\nc = 3\n"


@dataclass
class Stub:
    """A trial whose findings are given."""

    given: list[Finding]
    program: str = PROGRAM
    found: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    twin: "Stub | None" = None


@pytest.fixture(autouse=True)
def one_oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    oracle = Oracle("it", ("base",), lambda trial: trial.given, "silence")  # type: ignore[attr-defined]
    monkeypatch.setattr(judging, "ORACLES", {"it": oracle})
    monkeypatch.setattr(judging, "oracle", lambda name: oracle)


def trial(*found: Finding, clean: tuple[Finding, ...] = ()) -> Stub:
    return Stub(list(found), twin=Stub(list(clean)))


def charge(*lines: int, decoy: bool = False, also: tuple[str, ...] = ()) -> Charge:
    return Charge("kind", "it", "claim", ("leak",), also, frozenset(lines), decoy)


def verdict(*found: Finding, clean: tuple[Finding, ...] = (), decoy: bool = False) -> bool:
    return judge(trial(*found, clean=clean), charge(3, decoy=decoy)).confirmed  # type: ignore[arg-type]


def test_a_flaw_is_confirmed_at_any_line_of_its_statement() -> None:
    assert verdict(Finding("leak", (2,), "seen"))


def test_a_flaw_is_not_confirmed_at_the_lines_of_another() -> None:
    assert not verdict(Finding("leak", (5,), "seen"))


def test_a_finding_about_the_whole_program_confirms() -> None:
    assert verdict(Finding("leak", (), "seen"))


def test_what_the_clean_twin_shows_as_well_confirms_nothing() -> None:
    found = Finding("leak", (2,), "seen")
    assert not verdict(found, clean=(found,))


def test_another_aspect_confirms_nothing() -> None:
    assert not verdict(Finding("noise", (2,), "seen"))


def test_a_decoy_holds_while_nothing_is_found_at_its_lines() -> None:
    assert verdict(decoy=True)
    assert verdict(Finding("leak", (5,), "seen"), decoy=True)
    assert not verdict(Finding("leak", (2,), "seen"), decoy=True)


def test_what_no_flaw_explains_is_a_stray() -> None:
    stray = Finding("other", (5,), "seen")
    found = trial(Finding("leak", (2,), "seen"), stray)
    assert strays(found, [charge(3)]) == [stray]  # type: ignore[arg-type]


def test_what_follows_from_a_flaw_is_no_stray() -> None:
    found = trial(Finding("accepted:text", (), "seen"))
    assert strays(found, [charge(3, also=("accepted:",))]) == []  # type: ignore[arg-type]
    assert strays(found, [charge(3, also=("accepted",))]) != []  # type: ignore[arg-type]
