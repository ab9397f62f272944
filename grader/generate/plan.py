"""Which flaws and decoys an exercise shall hold: a wish list in order, drawn from the stream.

The list is longer than needed: what finds no free site is passed over, and the next of the same
group takes its place.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from grader.errors import PlanError
from grader.records.base import Record
from grader.stream import Stream
from seeded_bugs.contract import SeededBug, SeededDecoy
from seeded_bugs.words import Category, Severity


class Quota(Record):
    """At least and at most so many flaws of these categories."""

    why: str
    categories: tuple[Category, ...]
    least: int
    most: int


class LevelPlan(Record):
    """How many flaws and decoys (least, most), how much mess (per cent), which severities."""

    flaws: tuple[int, int]
    decoys: tuple[int, int]
    mess: int
    weight: dict[Severity, int]


class Levels(Record):
    """The contents of ``levels.toml``."""

    junior: LevelPlan
    mid: LevelPlan
    senior: LevelPlan
    quota: tuple[Quota, ...]


@dataclass(frozen=True)
class Plan:
    """The wish list.

    ``flaws`` of the ``queue`` (in its order) are to be sown, the ``must`` ones in any case, and no
    more of a group than ``quota.most``; ``decoys`` of the ``decoy_queue``.
    """

    flaws: int
    must: tuple[str, ...]
    queue: tuple[str, ...]
    decoys: int
    decoy_queue: tuple[str, ...]
    mess: int
    quotas: tuple[Quota, ...]


@cache
def levels() -> Levels:
    """Return the level table."""
    text = files("grader.generate").joinpath("levels.toml").read_text("utf-8")
    return Levels.model_validate(tomllib.loads(text))


def plan(
    stream: Stream,
    level: str,
    kinds: Mapping[str, SeededBug],
    decoys: Mapping[str, SeededDecoy],
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Plan:
    """Draw the wish list from the kinds and decoys that fit the scenario.

    Raises:
        PlanError: if an included kind does not fit, is excluded, or conflicts with another.
    """
    table: LevelPlan = getattr(levels(), level)
    _check(kinds, include, exclude)
    open_kinds = {n: b for n, b in kinds.items() if n not in exclude and n not in include}
    wanted = max(stream.between(*table.flaws), len(include))
    first: list[str] = []
    for quota in levels().quota:
        pool = [n for n, b in open_kinds.items() if b.entry.category in quota.categories]
        there = [n for n in include if kinds[n].entry.category in quota.categories]
        need = max(0, quota.least - len(there))
        first += _draw(stream, {n: open_kinds[n] for n in pool}, table)[:need]
    rest = _draw(stream, {n: b for n, b in open_kinds.items() if n not in first}, table)
    return Plan(
        flaws=wanted,
        must=tuple(include),
        queue=(*stream.shuffled(first), *rest),
        decoys=stream.between(*table.decoys),
        decoy_queue=tuple(stream.shuffled(sorted(decoys))),
        mess=table.mess,
        quotas=levels().quota,
    )


def conflict(kinds: Mapping[str, SeededBug], a: str, b: str) -> bool:
    """Tell whether two kinds must not stand in one program; either may say so."""
    return b in kinds[a].entry.conflicts or a in kinds[b].entry.conflicts


def _draw(stream: Stream, pool: dict[str, SeededBug], table: LevelPlan) -> list[str]:
    """Return the pool in a random order in which heavier severities tend to come first."""
    left, order = sorted(pool), []
    while left:
        weights = [table.weight[pool[name].entry.severity] for name in left]
        name = stream.weighted(left, weights)
        left.remove(name)
        order.append(name)
    return order


def _check(kinds: Mapping[str, SeededBug], include: Sequence[str], exclude: Sequence[str]) -> None:
    faults = [f"{n} is both included and excluded" for n in include if n in exclude]
    faults += [
        f"{n} offers no site in this scenario; those that do: {', '.join(sorted(kinds))}"
        for n in include
        if n not in kinds
    ]
    known = [n for n in include if n in kinds]
    faults += [
        f"{a} and {b} must not stand in one program (one hides the other)"
        for i, a in enumerate(known)
        for b in known[i + 1 :]
        if conflict(kinds, a, b)
    ]
    if faults:
        raise PlanError("; ".join(faults))
