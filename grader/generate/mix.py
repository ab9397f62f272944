"""Choosing a set of things by counts: so many of these, so many of those, no two at odds.

The search is exact: it goes through the queue in its order, takes what still leaves a way to meet
every bound, and turns back where none is left.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True)
class Bound(Generic[T]):
    """At least and at most so many of ``members``; ``name`` is for messages.

    Bounds of one ``family`` have no member in common, so what they lack adds up.
    """

    name: str
    family: str
    members: frozenset[T]
    least: int
    most: int


def choose(
    queue: Sequence[T],
    must: Sequence[T],
    bounds: Sequence[Bound[T]],
    at_odds: Callable[[T, T], bool],
    steps: int,
) -> tuple[T, ...] | None:
    """Return the first set in the order of the queue that keeps every bound and holds ``must``.

    Args:
        queue: what there is to choose from, in the order in which it is preferred.
        must: what is in the set in any case; it need not be in the queue.
        bounds: every member counts towards each bound that names it.
        at_odds: whether two may not be in one set; not asked about two of ``must``.
        steps: how many steps the search may take.

    Returns:
        The set, ``must`` first; None if there is none, or none was found in so many steps.
    """
    items = list(dict.fromkeys([*must, *queue]))
    search = _Search(items, bounds, at_odds, steps)
    taken = (1 << len(set(must))) - 1
    free = (1 << len(items)) - 1 & ~taken
    for number in range(len(set(must))):
        free &= ~search.odds(number)
    found = search.run(taken, free)
    return None if found is None else tuple(x for i, x in enumerate(items) if found >> i & 1)


def short_of(queue: Sequence[T], must: Sequence[T], bounds: Sequence[Bound[T]]) -> list[str]:
    """Return, for each bound that cannot be met by itself, a sentence that says why."""
    faults = []
    for bound in bounds:
        there = len(bound.members & set(must))
        left = len(bound.members & set(queue) - set(must))
        if there > bound.most:
            faults.append(f"{bound.name}: {there} must be there, the most is {bound.most}")
        if there + left < bound.least:
            faults.append(f"{bound.name}: {there + left} fit, the least is {bound.least}")
    return faults


class _Search(Generic[T]):
    """Sets are whole numbers, bit i for item i; the lowest free bit is tried next."""

    def __init__(
        self,
        items: Sequence[T],
        bounds: Sequence[Bound[T]],
        at_odds: Callable[[T, T], bool],
        steps: int,
    ) -> None:
        self._items, self._at_odds, self._left = items, at_odds, steps
        self._bounds = [
            (sum(1 << i for i, x in enumerate(items) if x in b.members), b.least, b.most)
            for b in bounds
        ]
        self._parts = [_parts(bound, bounds) for bound in bounds]
        self._odds: dict[int, int] = {}

    def odds(self, number: int) -> int:
        """Return the items that are at odds with one."""
        if number not in self._odds:
            item = self._items[number]
            self._odds[number] = sum(
                1 << i
                for i, other in enumerate(self._items)
                if i != number and self._at_odds(item, other)
            )
        return self._odds[number]

    def run(self, taken: int, free: int) -> int | None:
        """Return the first set that holds ``taken``, the rest from ``free``; None if none."""
        self._left -= 1
        if self._left < 0:
            return None
        for members, _, most in self._bounds:
            have = (taken & members).bit_count()
            if have > most:
                return None
            if have == most:
                free &= ~members
        if not self._can_be_met(taken, free):
            return None
        if not free:
            return taken
        lowest = free & -free
        number = lowest.bit_length() - 1
        found = self.run(taken | lowest, free & ~lowest & ~self.odds(number))
        return self.run(taken, free & ~lowest) if found is None else found

    def _can_be_met(self, taken: int, free: int) -> bool:
        """Tell whether what is free suffices for each bound, and its room for its parts."""
        lacking = []
        for members, least, _ in self._bounds:
            have = (taken & members).bit_count()
            if have + (free & members).bit_count() < least:
                return False
            lacking.append(max(0, least - have))
        for (members, _, most), families in zip(self._bounds, self._parts, strict=True):
            room = most - (taken & members).bit_count()
            if any(sum(lacking[i] for i in family) > room for family in families):
                return False
        return True


def _parts(whole: Bound[T], bounds: Sequence[Bound[T]]) -> list[list[int]]:
    """Return, by family, the numbers of the bounds whose members are all members of ``whole``."""
    families: dict[str, list[int]] = {}
    for number, bound in enumerate(bounds):
        if bound is not whole and bound.members <= whole.members:
            families.setdefault(bound.family, []).append(number)
    return list(families.values())
