"""What a scenario folder may hold beside its program, and what is refused."""

import shutil
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from pydantic import ValidationError

from grader.bank import demo_secret
from grader.errors import ScenarioError
from grader.generate.exercise import Wish, make_exercise
from grader.records.scenario import Scenario
from grader.scenarios import library

CHURN = {**library.scenario("churn").facts.model_dump()}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A library of one scenario, churn, that wants a file ``config.toml`` beside its program."""
    folder = tmp_path / "churn"
    shutil.copytree(library.HOME / "churn", folder)
    with (folder / "scenario.toml").open("a") as facts:
        facts.write('extra_files = ["config.toml"]\n')
    monkeypatch.setattr(library, "HOME", tmp_path)
    forget()
    yield folder
    forget()


def forget() -> None:
    """Let the library look anew."""
    for cached in (library.scenario, library.scenario_names, library._packages):
        cached.cache_clear()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of a team's own with a scenario that nobody else has: churn by another name."""
    folder = tmp_path / "acme_tolls"
    shutil.copytree(library.HOME / "churn", folder)
    facts = folder / "scenario.toml"
    facts.write_text(facts.read_text("utf-8").replace('"churn"', '"tolls"', 1), "utf-8")
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    register(monkeypatch, "tolls", "acme_tolls")
    yield folder
    forget()


def register(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Let an installed package bring a scenario."""
    point = EntryPoint(name, value, library.ENTRY_POINTS)
    monkeypatch.setattr(library, "entry_points", lambda group: [point])
    forget()


def test_a_package_brings_a_scenario_of_its_own_which_exercises_are_made_of(package: Path) -> None:
    assert "tolls" in library.scenario_names()
    made = make_exercise(demo_secret(3).value, "demo", Wish(scenario="tolls", level="junior"))
    assert made.key.scenario == "tolls"
    assert len(made.key.items) >= 3
    assert b"acme" not in b"".join(made.files.values())


def test_a_package_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, "tolls", "no_such_package.tolls")
    with pytest.raises(ScenarioError, match=r"tolls = no_such_package\.tolls .* not there"):
        library.scenario_names()
    forget()


def test_a_package_may_not_take_the_name_of_another_scenario(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, "churn", "acme_tolls")
    with pytest.raises(ScenarioError, match=r"'churn', which grader\.scenarios\.churn has already"):
        library.scenario_names()


def test_a_scenario_that_calls_itself_something_else_is_told(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, "bridges", "acme_tolls")
    with pytest.raises(ScenarioError, match="says it is 'tolls', not 'bridges'"):
        library.scenario("bridges")


def test_a_file_beside_the_program_is_read_as_it_is(home: Path) -> None:
    (home / "config.toml").write_bytes(b"folds = 5\n")
    assert library.scenario("churn").beside == {"config.toml": b"folds = 5\n"}


def test_a_missing_file_beside_the_program_is_told(home: Path) -> None:
    with pytest.raises(ScenarioError, match=r"incomplete: .*config\.toml"):
        library.scenario("churn")


@pytest.mark.parametrize(
    "name",
    ["../key.toml", "data/config.toml", "program.py", "exercise.json", "brief.md", "Config.toml"],
)
def test_a_name_that_leads_elsewhere_or_is_taken_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="extra_files"):
        Scenario.model_validate(CHURN | {"extra_files": (name,)})
