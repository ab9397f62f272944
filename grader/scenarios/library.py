"""The clean programs at hand, by name."""

import importlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from grader.errors import ScenarioError
from grader.records.scenario import Scenario

HOME = Path(__file__).parent


@dataclass(frozen=True)
class ScenarioFolder:
    """A scenario with its texts and its data maker ``make(seed, rows)``.

    ``beside`` holds the files that lie beside the program, by name.
    """

    facts: Scenario
    program: str
    brief: str
    make: Callable[[int, int], pd.DataFrame]
    beside: Mapping[str, bytes]


@cache
def scenario_names() -> tuple[str, ...]:
    """Return the names of all scenarios, sorted."""
    folders = sorted(p.parent.name for p in HOME.glob("*/scenario.toml"))
    return tuple(name.replace("_", "-") for name in folders)


@cache
def scenario(name: str) -> ScenarioFolder:
    """Return one scenario.

    Raises:
        ScenarioError: if there is none of that name, or its folder is incomplete.
    """
    if name not in scenario_names():
        known = ", ".join(scenario_names())
        raise ScenarioError(f"no scenario is called {name!r}; there are: {known}")
    folder = HOME / name.replace("-", "_")
    try:
        table = tomllib.loads((folder / "scenario.toml").read_text("utf-8"))
        facts = Scenario.model_validate(table)
        program = (folder / "program.py").read_text("utf-8")
        brief = (folder / "brief.md").read_text("utf-8")
        beside = {file: (folder / file).read_bytes() for file in facts.extra_files}
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise ScenarioError(f"{folder}: the scenario is incomplete: {error}") from error
    data = importlib.import_module(f"grader.scenarios.{folder.name}.data")
    return ScenarioFolder(facts, program, brief, data.make, beside)
