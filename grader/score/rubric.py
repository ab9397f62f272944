"""The rubric: every number a score depends on, named, versioned and frozen."""

import tomllib
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from grader.errors import RubricError
from grader.files import sha256
from grader.records.base import Record
from seeded_bugs.words import Category

Thousandths = Annotated[int, Field(ge=0, le=1000, strict=True)]
PerCent = Annotated[int, Field(ge=0, le=100, strict=True)]
Count = Annotated[int, Field(ge=0, le=10_000, strict=True)]
Positive = Annotated[int, Field(ge=1, le=10_000, strict=True)]
MilliPoints = Annotated[int, Field(ge=0, le=100_000, strict=True)]
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]+$")]


class Weights(Record):
    """Points of the three parts; they sum to 100."""

    detection: PerCent
    explanation: PerCent
    judgement: PerCent

    @model_validator(mode="after")
    def _sum(self) -> "Weights":
        total = self.detection + self.explanation + self.judgement
        if total != 100:
            raise ValueError(f"the weights sum to {total}; make them sum to 100")
        return self


class SeverityWeights(Record):
    """How much a flaw of each severity weighs."""

    critical: Positive
    major: Positive
    minor: Positive


class NearMiss(Record):
    """The most credit of a near miss, in thousandths of a flaw."""

    cap: Thousandths


class ExplanationShares(Record):
    """Shares of an explanation in thousandths; the three sum to 1000."""

    named: Thousandths
    why: Thousandths
    fix: Thousandths

    @model_validator(mode="after")
    def _sum(self) -> "ExplanationShares":
        total = self.named + self.why + self.fix
        if total != 1000:
            raise ValueError(f"named, why and fix sum to {total}; make them sum to 1000")
        return self


class Full(Record):
    """The detection share (thousandths) from which the other two parts count in full."""

    detection_share: Annotated[int, Field(ge=1, le=1000, strict=True)]


class Costs(Record):
    """What a wrong comment costs, in thousandths of one decoy."""

    contradicted: Count
    generic: Count
    over_budget: Count
    least_decoys: Positive


class Budget(Record):
    """How many comments are heard without cost."""

    comments: Count
    style: Count


class IntervalRules(Record):
    """``z`` in thousandths of a standard error, ``form_difficulty`` in thousandths of a point."""

    z: Count
    form_difficulty: MilliPoints


class Bands(Record):
    """The low end of the interval, in points, that each band asks for."""

    strong: PerCent
    solid: PerCent
    mixed: PerCent

    @model_validator(mode="after")
    def _falling(self) -> "Bands":
        if not self.strong > self.solid > self.mixed > 0:
            raise ValueError("the thresholds must fall: strong > solid > mixed > 0")
        return self


class Dealbreaker(Record):
    """The category that must not be missed whole, and the best band left to who misses it."""

    category: Category
    cap: Literal["solid", "mixed", "not shown"]


class HumanRules(Record):
    """How many open comments are taken to hold up when asking whether they change the band."""

    undecided: Count
    unlisted: Count


class FlagRules(Record):
    """When a flag is raised; shares in per cent, ``green_credit`` in thousandths of a flaw."""

    green_credit: Thousandths
    style_share: PerCent
    explain_least: Count
    explain_share: PerCent
    shotgun_least: Count
    shotgun_share: PerCent


class SubscoreRule(Record):
    """One thing that is looked for, and the categories of flaws that show it."""

    name: Name
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]


class Rubric(Record):
    """All rules of a score. Equal rubrics have equal hashes, however their files were laid out."""

    name: Name
    version: Name
    weights: Weights
    severity: SeverityWeights
    near_miss: NearMiss
    explanation: ExplanationShares
    full: Full
    costs: Costs
    budget: Budget
    interval: IntervalRules
    bands: Bands
    dealbreaker: Dealbreaker
    human: HumanRules
    flags: FlagRules
    subscores: tuple[SubscoreRule, ...]

    @property
    def label(self) -> str:
        """Name and version, as they stand in every score."""
        return f"{self.name} {self.version}"

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the canonical form."""
        return sha256(self.canonical())


def load_rubric(path: Path | None = None) -> Rubric:
    """Return the rubric of a TOML file; the default one without a path.

    Raises:
        RubricError: if the file cannot be read or breaks a rule; names every fault.
    """
    name = str(path) if path else "rubric.toml"
    try:
        source = path if path else files("grader.score") / "rubric.toml"
        values = tomllib.loads(source.read_text(encoding="utf-8"))
        return Rubric.model_validate(values)
    except OSError as error:
        raise RubricError(f"{name}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise RubricError(f"{name}: is not UTF-8 text; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise RubricError(f"{name}: is not TOML: {error}; mend that line") from error
    except ValidationError as error:
        raise RubricError("\n".join([f"{name}: mend these values", *_faults(error)])) from error


def _faults(error: ValidationError) -> list[str]:
    faults = []
    for fault in error.errors():
        place = ".".join(str(part) for part in fault["loc"])
        what = {
            "missing": "is missing; copy it from the default rubric",
            "extra_forbidden": "is not a rubric value; check the spelling or remove it",
        }.get(fault["type"], f"{fault['msg']} (found: {str(fault['input'])[:60]})")
        faults.append(f"  {place}: {what}")
    return faults
