"""Which flaws and decoys an exercise shall hold: a draw from its blueprint, by the stream.

The draw names every flaw and decoy in advance, so that all counts of the blueprint hold. What then
finds no free site is barred, and the rest is drawn again around what is sown already.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grader.errors import PlanError
from grader.generate.blueprint import Blueprint
from grader.generate.mix import Bound, choose, short_of
from grader.generate.prospects import Item, Prospects, conflict
from grader.stream import Stream
from seeded_bugs.contract import SeededBug
from seeded_bugs.words import SEVERITIES

# Many short searches in different orders draw more evenly, and sooner, than one long search.
ORDERS = 40
STEPS = 300


@dataclass(frozen=True)
class Plan:
    """What shall be sown: ``flaws`` and ``decoys`` in this order; those of ``must`` in any case.

    ``pool`` holds everything that may still be drawn.
    """

    blueprint: Blueprint
    prospects: Prospects
    must: tuple[str, ...]
    pool: tuple[Item, ...]
    bounds: tuple[Bound[Item], ...]
    flaws: tuple[Item, ...] = ()
    decoys: tuple[Item, ...] = ()

    def order(self) -> tuple[Item, ...]:
        """Return the order of sowing: half of the flaws, the decoys, the other flaws.

        Decoys come in between because there must be enough of them, and places get scarce.
        """
        half = max(len(self.flaws) // 2, len(self.must))
        return (*self.flaws[:half], *self.decoys, *self.flaws[half:])


def plan(
    stream: Stream,
    blueprint: Blueprint,
    prospects: Prospects,
    kinds: Mapping[str, SeededBug],
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Plan:
    """Draw a plan from what fits the program.

    Raises:
        PlanError: if an included kind does not fit, is excluded, or conflicts with another, or if
            the counts of the blueprint cannot be met.
    """
    fitting = sorted({item.name for item in prospects.items if item.side})
    _check({name: kinds[name] for name in fitting}, include, exclude)
    pool = tuple(item for item in prospects.items if item.name not in exclude)
    bounds = _bounds(blueprint, pool, kinds, include)
    return _drawn(Plan(blueprint, prospects, tuple(include), pool, bounds), (), stream)


def redrawn(old: Plan, sown: Sequence[Item], barred: Sequence[Item], stream: Stream) -> Plan:
    """Return a plan that holds what is ``sown`` and nothing of what is ``barred``.

    Raises:
        PlanError: if no such plan keeps the blueprint.
    """
    left = tuple(item for item in old.pool if item not in barred)
    return _drawn(replace(old, pool=left), sown, stream.child(f"without {len(barred)}"))


def _drawn(old: Plan, sown: Sequence[Item], stream: Stream) -> Plan:
    """Return the plan with its flaws and decoys chosen anew around what is sown."""
    chosen = _chosen(old, sown, stream)
    if chosen is None:
        faults = short_of(old.pool, sown, old.bounds)
        reason = "; ".join(faults) or "its counts cannot be met together"
        raise PlanError(
            f"blueprint {old.blueprint.name}: {reason}; include or exclude fewer kinds, choose "
            "another scenario, or widen a range of the blueprint"
        )
    scarce = {i: b.least - len(b.members & set(old.pool)) for b in old.bounds for i in b.members}
    flaws = [item for item in chosen if item.side]
    return replace(
        old,
        flaws=tuple(sorted(flaws, key=lambda i: (i.name not in old.must, -scarce[i]))),
        decoys=tuple(item for item in chosen if not item.side),
    )


def _chosen(old: Plan, sown: Sequence[Item], stream: Stream) -> tuple[Item, ...] | None:
    """Return a choice that keeps every count; None if none was found."""
    odds = old.prospects.odds
    orders = (stream.child(f"order/{n}").shuffled(old.pool) for n in range(ORDERS))
    found = (choose(o, sown, old.bounds, lambda a, b: b in odds[a], STEPS) for o in orders)
    return next((chosen for chosen in found if chosen is not None), None)


def _bounds(
    blueprint: Blueprint,
    pool: Sequence[Item],
    kinds: Mapping[str, SeededBug],
    include: Sequence[str],
) -> tuple[Bound[Item], ...]:
    """Return every count of the blueprint, over the items that it counts."""
    flaws = [item for item in pool if item.side]
    far = blueprint.reach.delocalised

    def bound(name: str, family: str, members: Sequence[Item], count: tuple[int, int]) -> None:
        bounds.append(Bound(name, family, frozenset(members), *count))

    bounds: list[Bound[Item]] = []
    bound("flaws", "flaws", flaws, blueprint.flaws)
    bound("decoys", "decoys", [i for i in pool if not i.side], blueprint.decoys)
    for severity in SEVERITIES:
        members = [i for i in flaws if kinds[i.name].entry.severity == severity]
        bound(severity, "severities", members, getattr(blueprint.severity, severity))
    for group in blueprint.group:
        members = [i for i in flaws if kinds[i.name].entry.category in group.categories]
        critical = [i for i in members if kinds[i.name].entry.severity == "critical"]
        bound(f"group {group.name}", "groups", members, group.flaws)
        bound(f"critical of group {group.name}", "critical", critical, group.critical)
    bound("delocalised", "far", [i for i in flaws if i.side == "far"], (far[0], len(flaws)))
    bound("delocalised", "not near", [i for i in flaws if i.side != "near"], (0, far[1]))
    for name in include:
        bound(name, "included", [i for i in flaws if i.name == name], (1, 1))
    return tuple(bounds)


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
