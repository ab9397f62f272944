"""The blueprint of a form: what all exercises of one level have in common, so that they compare."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema

from grader.errors import BlueprintError
from grader.files import sha256
from grader.records.base import Record
from grader.records.key import BlueprintMark, Level
from seeded_bugs.words import CATEGORIES, SEVERITIES, Category

MOST = 10_000
_RANGE = "a whole number or [least, most], 0 .. 10,000"


def _pair(value: object) -> tuple[int, int]:
    """Return ``3`` as ``(3, 3)`` and ``[2, 3]`` as ``(2, 3)``; ValueError for anything else."""
    pair: list[Any] = list(value) if isinstance(value, list | tuple) else [value, value]
    if len(pair) != 2 or not all(type(n) is int and 0 <= n <= MOST for n in pair):
        raise ValueError(f"write {_RANGE}")
    if pair[0] > pair[1]:
        raise ValueError("the least stands above the most; turn them round")
    return pair[0], pair[1]


_COUNT = {"type": "integer", "minimum": 0, "maximum": MOST}
Range = Annotated[
    tuple[int, int],
    BeforeValidator(_pair),
    WithJsonSchema(
        {"anyOf": [_COUNT, {"type": "array", "items": _COUNT, "minItems": 2, "maxItems": 2}]}
    ),
]
PerCent = Annotated[int, Field(ge=0, le=100, strict=True)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
Text = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f]+$")]


class Severities(Record):
    """How many flaws of each severity."""

    critical: Range
    major: Range
    minor: Range


class ReachRule(Record):
    """How many flaws are delocalised: their ends ``apart`` lines or more from each other."""

    apart: Annotated[int, Field(ge=2, le=MOST, strict=True)]
    delocalised: Range


class Mess(Record):
    """How messy the program is, in per cent; ``shorten`` takes lines away."""

    look: PerCent
    shorten: PerCent


class Group(Record):
    """How many flaws of these categories, and how many of them are critical."""

    name: Name
    why: Text
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]
    flaws: Range
    critical: Range = (0, MOST)


class Blueprint(Record):
    """The contents of a blueprint file. Equal blueprints have equal hashes, however laid out."""

    name: Name
    version: Name
    level: Level
    why: Text
    flaws: Range
    decoys: Range
    lines: Range
    severity: Severities
    reach: ReachRule
    mess: Mess
    group: Annotated[tuple[Group, ...], Field(min_length=1)]

    @cached_property
    def mark(self) -> BlueprintMark:
        """Return what a key says of its blueprint: name, version, SHA-256 of the canonical form."""
        return BlueprintMark(name=self.name, version=self.version, sha256=sha256(self.canonical()))


@cache
def blueprint_of(level: str) -> Blueprint:
    """Return the blueprint of a level: ``junior``, ``mid`` or ``senior``."""
    file = shipped(level)
    return read_blueprint(file.name, file.read_bytes())


def shipped(level: str) -> Traversable:
    """Return the file of the blueprint of a level."""
    return files("grader.generate").joinpath("blueprints", f"{level}.toml")


def load_blueprint(path: Path) -> Blueprint:
    """Return the blueprint of a TOML file.

    Raises:
        BlueprintError: if the file cannot be read or breaks a rule; names every fault.
    """
    try:
        return read_blueprint(str(path), path.read_bytes())
    except OSError as error:
        raise BlueprintError(
            f"{path}: cannot be read ({error.strerror}); check the path"
        ) from error


def read_blueprint(name: str, data: bytes) -> Blueprint:
    """Return the blueprint that TOML text says; ``name`` is for messages.

    Raises:
        BlueprintError: with every fault of the file.
    """
    try:
        values = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BlueprintError(f"{name}: is not UTF-8 text; save it as UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BlueprintError(f"{name}: is not TOML: {error}; mend that line") from error
    faults = contradictions(values)
    try:
        blueprint = Blueprint.model_validate(values)
    except ValidationError as error:
        raise BlueprintError(_told(name, [*_faults(error), *faults])) from error
    if faults:
        raise BlueprintError(_told(name, faults))
    return blueprint


def _told(name: str, faults: Sequence[str]) -> str:
    return "\n".join([f"{name}: {len(faults)} to mend", *(f"  {fault}" for fault in faults)])


def _faults(error: ValidationError) -> list[str]:
    faults = []
    for fault in error.errors():
        place = ".".join(str(part) for part in fault["loc"])
        what = {
            "missing": "is missing; see the blueprints that come with the product",
            "extra_forbidden": "is not a blueprint value; check the spelling or remove it",
        }.get(fault["type"])
        message, found = fault["msg"].removeprefix("Value error, "), str(fault["input"])[:60]
        faults.append(f"{place}: {what}" if what else f"{place}: {message} (found: {found!r})")
    return faults


def contradictions(values: Mapping[str, Any]) -> list[str]:
    """Return what cannot be true together, one sentence each; passes over what is no range.

    Args:
        values: a blueprint file as TOML reads it.
    """
    groups = [g for g in _list(values.get("group")) if isinstance(g, dict)]
    flaws = _range(values.get("flaws"))
    faults = _uncovered(groups)
    faults += _sums("the groups", "flaws", [_range(g.get("flaws")) for g in groups], flaws)
    table = values.get("severity")
    severity = table if isinstance(table, dict) else {}
    ranges = [_range(severity.get(name)) for name in SEVERITIES]
    faults += _sums("the severities", "flaws", ranges, flaws)
    critical = [_least(g.get("critical")) for g in groups]
    most = _range(severity.get("critical"))
    if most and sum(critical) > most[1]:
        faults.append(
            f"severity.critical: the groups ask for {sum(critical)} at least, "
            f"the most is {most[1]}; make them agree"
        )
    table = values.get("reach")
    far = _range(table.get("delocalised")) if isinstance(table, dict) else None
    if flaws and far and far[0] > flaws[1]:
        faults.append(
            f"reach.delocalised: {far[0]} at least, of {flaws[1]} flaws at most; lower it"
        )
    for group, least in zip(groups, critical, strict=True):
        own = _range(group.get("flaws"))
        if own and least > own[1]:
            faults.append(
                f"group {group.get('name')}: {least} critical at least, of {own[1]} flaws at most; "
                "make them agree"
            )
    if flaws and flaws[0] < 1:
        faults.append("flaws: an exercise needs at least 1 flaw")
    return faults


def _uncovered(groups: Sequence[Mapping[str, Any]]) -> list[str]:
    """Tell which categories no group or several groups count, and which names are given twice."""
    named = [c for g in groups for c in _list(g.get("categories"))]
    titles = [str(g.get("name")) for g in groups]
    faults = [
        f"group: no group counts {c}; add it to one, or give it one with flaws = 0"
        for c in CATEGORIES
        if c not in named
    ]
    faults += [f"group: {c} is counted twice; keep one" for c in CATEGORIES if named.count(c) > 1]
    doubles = sorted({t for t in titles if titles.count(t) > 1 and t != "None"})
    return faults + [f"group: more than one is called {t}; rename one" for t in doubles]


def _sums(
    who: str, what: str, parts: Sequence[tuple[int, int] | None], total: tuple[int, int] | None
) -> list[str]:
    """Tell when parts cannot add up to the total; silent when a part is no range."""
    known = [part for part in parts if part]
    if total is None or len(known) < len(parts):
        return []
    least, most = sum(p[0] for p in known), sum(p[1] for p in known)
    if least > total[1]:
        return [f"{what}: {who} ask for {least} at least, the most is {total[1]}; make them agree"]
    if most < total[0]:
        return [f"{what}: {who} allow {most} at most, the least is {total[0]}; make them agree"]
    return []


def _least(value: object) -> int:
    found = _range(value)
    return found[0] if found else 0


def _range(value: object) -> tuple[int, int] | None:
    try:
        return _pair(value)
    except ValueError:
        return None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
