"""The clean programs at hand, by name: those that come along, and those of other packages.

A package of a team's own registers under the entry-point group ``grader.scenarios``; the entry
point names a package that holds the files of one scenario. Exercises of a scenario that nobody
else has leave an attacker who knows this tool with the kinds of flaw alone.
"""

import importlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from grader.errors import ScenarioError
from grader.records.scenario import Scenario, Variants

HOME = Path(__file__).parent
ENTRY_POINTS = "grader.scenarios"


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
    variants: Variants


@cache
def scenario_names() -> tuple[str, ...]:
    """Return the names of all scenarios, sorted.

    Raises:
        ScenarioError: as for :func:`scenario`, if a package of another's cannot be found.
    """
    return tuple(sorted(_packages()))


@cache
def scenario(name: str) -> ScenarioFolder:
    """Return one scenario.

    Raises:
        ScenarioError: if there is none of that name, its folder is incomplete, or two packages
            bring a scenario of one name.
    """
    if name not in scenario_names():
        known = ", ".join(scenario_names())
        raise ScenarioError(f"no scenario is called {name!r}; there are: {known}")
    package, folder = _packages()[name]
    try:
        table = tomllib.loads((folder / "scenario.toml").read_text("utf-8"))
        facts = Scenario.model_validate(table)
        variants = _variants(folder / "variants.toml")
        program = (folder / "program.py").read_text("utf-8")
        brief = (folder / "brief.md").read_text("utf-8")
        beside = {file: (folder / file).read_bytes() for file in facts.extra_files}
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise ScenarioError(f"{folder}: the scenario is incomplete: {error}") from error
    if facts.name != name:
        raise ScenarioError(f"{folder}/scenario.toml: says it is {facts.name!r}, not {name!r}")
    data = importlib.import_module(f"{package}.data")
    return ScenarioFolder(facts, program, brief, data.make, beside, variants)


@cache
def _packages() -> dict[str, tuple[str, Path]]:
    """Return the package and the folder of each scenario, by name."""
    found = {
        path.parent.name.replace("_", "-"): (f"grader.scenarios.{path.parent.name}", path.parent)
        for path in HOME.glob("*/scenario.toml")
    }
    for point in entry_points(group=ENTRY_POINTS):
        if point.name in found:
            raise ScenarioError(
                f"the entry point {point.name} = {point.value} of {ENTRY_POINTS} brings a scenario "
                f"{point.name!r}, which {found[point.name][0]} has already; rename one of them"
            )
        try:
            spec = find_spec(point.value)
        except ImportError:
            spec = None
        if spec is None or spec.origin is None:
            raise ScenarioError(
                f"the entry point {point.name} = {point.value} of {ENTRY_POINTS} names a package "
                "that is not there, or has no __init__.py"
            )
        found[point.name] = (point.value, Path(spec.origin).parent)
    return found


def _variants(file: Path) -> Variants:
    """Return what a scenario leaves open; nothing where it has no such file."""
    if not file.exists():
        return Variants()
    return Variants.model_validate(tomllib.loads(file.read_text("utf-8")))
