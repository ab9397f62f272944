"""The search for a set by counts is exact: it finds what trying every set finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from grader.generate.mix import Bound, choose, short_of

ENOUGH = 5_000  # more steps than seven things can take


@dataclass(frozen=True)
class Case:
    """One small search: what there is, what must be, the bounds, and which pairs are at odds."""

    queue: tuple[int, ...]
    must: tuple[int, ...]
    bounds: tuple[Bound[int], ...]
    odds: frozenset[frozenset[int]]

    def at_odds(self, a: int, b: int) -> bool:
        return frozenset({a, b}) in self.odds

    def items(self) -> list[int]:
        return list(dict.fromkeys([*self.must, *self.queue]))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    things = list(range(draw(st.integers(0, 7))))
    queue = tuple(draw(st.permutations(things)))
    must = tuple(draw(st.permutations(things)))[: draw(st.integers(0, 2))]
    bounds: list[Bound[int]] = []
    for family in range(draw(st.integers(0, 3))):
        # The members of one family are parted, as its contract says.
        homes = draw(st.lists(st.integers(0, 2), min_size=len(things), max_size=len(things)))
        for home in range(2):
            members = frozenset(t for t, h in zip(things, homes, strict=True) if h == home)
            least = draw(st.integers(0, 3))
            most = least + draw(st.integers(0, 3))
            bounds.append(Bound(f"{family}/{home}", str(family), members, least, most))
    pairs = [frozenset({a, b}) for a in things for b in things if a < b]
    odds = draw(st.frozensets(st.sampled_from(pairs), max_size=5)) if pairs else frozenset()
    return Case(queue, must, tuple(bounds), odds)


def sound(case: Case, chosen: Sequence[int]) -> bool:
    """Tell whether a set is a right answer, told in the words of the contract."""
    there = set(chosen)
    counted = all(b.least <= len(b.members & there) <= b.most for b in case.bounds)
    pairs = [(a, b) for a in there for b in there if a < b and case.at_odds(a, b)]
    return counted and set(case.must) <= there and all({a, b} <= set(case.must) for a, b in pairs)


def tried_out(case: Case) -> tuple[int, ...] | None:
    """Return the first right set when every set is tried, the earliest things taken first."""
    items = case.items()
    for taken in product((True, False), repeat=len(items)):
        chosen = tuple(x for x, there in zip(items, taken, strict=True) if there)
        if sound(case, chosen):
            return chosen
    return None


@given(cases())
def test_the_search_finds_what_trying_every_set_finds_first(case: Case) -> None:
    assert choose(case.queue, case.must, case.bounds, case.at_odds, ENOUGH) == tried_out(case)


@given(cases(), st.integers(0, 12))
def test_a_search_cut_short_says_none_or_the_truth(case: Case, steps: int) -> None:
    found = choose(case.queue, case.must, case.bounds, case.at_odds, steps)
    assert found is None or found == tried_out(case)


@given(cases())
def test_a_bound_is_told_as_short_if_it_cannot_be_met_by_itself(case: Case) -> None:
    faults = short_of(case.queue, case.must, case.bounds)
    for bound in case.bounds:
        alone = Case(case.queue, case.must, (bound,), frozenset())
        told = [fault for fault in faults if fault.startswith(f"{bound.name}:")]
        assert bool(told) == (tried_out(alone) is None)
