"""What could be sown into a program: which kinds on which sides, and what gets in whose way.

Everything here is read off the program before anything is sown, so it is a forecast: sowing tries
it, and the finished program is counted again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import libcst as cst

from grader.generate.reach import Ground, reach
from grader.spans import Span, overlap
from seeded_bugs.contract import Entry, SeededBug, SeededDecoy, Site

SMALL = 4

Side = Literal["near", "far", "either"]
Places = tuple[Span, ...]


class Item(NamedTuple):
    """A flaw to be sown at a site whose reach is on that side; a decoy has no side."""

    name: str
    side: Side | None = None


@dataclass(frozen=True)
class Prospects:
    """What fits a program.

    Args:
        items: everything that fits, in the order of the names.
        odds: what must not or cannot stand beside each item.
        mixed: the kinds with sites on more than one side.
    """

    items: tuple[Item, ...]
    odds: Mapping[Item, frozenset[Item]]
    mixed: frozenset[str]

    def parted(self, a: Item, b: Item) -> "Prospects":
        """Return the prospects with two more items that cannot stand beside each other."""
        pair = {a: self.odds[a] | {b}, b: self.odds[b] | {a}}
        return replace(self, odds={**self.odds, **pair})


def prospects_of(
    program: cst.Module,
    kinds: Mapping[str, SeededBug],
    decoys: Mapping[str, SeededDecoy],
    apart: int,
) -> Prospects:
    """Return what fits a clean program; ``apart`` is the limit between near and far, in lines."""
    ground = Ground(program)
    places: dict[Item, list[Places]] = {}
    for name, bug in sorted(kinds.items()):
        sites = list(bug.find(ground.module))
        for side, site in zip(sides_of(ground, sites, bug.entry, apart), sites, strict=True):
            places.setdefault(Item(name, side), []).append(_touched(ground, site))
    for name, decoy in sorted(decoys.items()):
        for site in decoy.find(ground.module):
            places.setdefault(Item(name), []).append(_touched(ground, site))
    items = tuple(places)
    flaws = [item.name for item in items if item.side]
    return Prospects(
        items,
        _pairs(
            items,
            lambda a, b: _at_odds(a, b, kinds, decoys) or _crowd(places[a], places[b]),
        ),
        frozenset(name for name in flaws if flaws.count(name) > 1),
    )


def sides_of(ground: Ground, sites: Sequence[Site], entry: Entry, apart: int) -> tuple[Side, ...]:
    """Return the side of each site: ``far`` when its ends lie ``apart`` lines from each other.

    What else is sown, and the mess, move lines; so a site near the limit is ``either`` here.
    """
    margin = apart // 4
    found: list[Side] = []
    for site in sites:
        lines = reach(
            entry, ground.edited(site, "main"), ground.edited(site, "trace"), ground
        ).apart
        below: Side = "near" if lines < apart - margin else "either"
        found.append("far" if lines >= apart + margin // 3 else below)
    return tuple(found)


def conflict(kinds: Mapping[str, SeededBug], a: str, b: str) -> bool:
    """Tell whether two kinds must not stand in one program; either may say so."""
    return b in kinds[a].entry.conflicts or a in kinds[b].entry.conflicts


def _touched(ground: Ground, site: Site) -> Places:
    """Return the lines that a site is sure to change: not those beside which it puts something.

    Of an edit of a large node it is not known which lines change.
    """
    spans = [ground.span(edit.node) for edit in site.edits if edit.part != "support"]
    inserts = [
        not isinstance(edit.new, cst.CSTNode | None) and any(n is edit.node for n in edit.new)
        for edit in site.edits
        if edit.part != "support"
    ]
    return tuple(
        span
        for span, beside in zip(spans, inserts, strict=True)
        if not beside and span.end - span.start < SMALL
    )


def _pairs(
    items: Sequence[Item], holds: Callable[[Item, Item], bool]
) -> dict[Item, frozenset[Item]]:
    """Return, for each item, the others for which a symmetric relation holds."""
    found: dict[Item, set[Item]] = {item: set() for item in items}
    for number, a in enumerate(items):
        for b in items[number + 1 :]:
            if holds(a, b):
                found[a].add(b)
                found[b].add(a)
    return {item: frozenset(others) for item, others in found.items()}


def _at_odds(
    a: Item, b: Item, kinds: Mapping[str, SeededBug], decoys: Mapping[str, SeededDecoy]
) -> bool:
    if a.name == b.name:
        return True
    if a.side and b.side:
        return conflict(kinds, a.name, b.name)
    if a.side or b.side:
        flaw, decoy = (a, b) if a.side else (b, a)
        return flaw.name in decoys[decoy.name].entry.excludes
    return False


def _crowd(some: Sequence[Places], others: Sequence[Places]) -> bool:
    """Tell whether every site of one changes a line of every site of the other."""
    return all(
        any(overlap(a, b) for a in places for b in around) for places in some for around in others
    )
