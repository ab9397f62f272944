"""What a scenario folder may hold beside its program, and what is refused."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from grader.errors import ScenarioError
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
    library.scenario.cache_clear()
    yield folder
    library.scenario.cache_clear()


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
