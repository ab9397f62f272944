"""Sowing a whole plan: what finds no free place is replaced, and steps are taken back if need be.

Some kinds take each other's place without being at odds in principle: one rewrites the line that
the other needs. That shows only in sowing. Then the step that took the place is taken back, the
pair is kept apart from there on, and the rest of the plan is drawn again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from grader.errors import PlanError
from grader.generate.plan import Plan, redrawn
from grader.generate.prospects import Item, sides_of
from grader.generate.reach import Ground
from grader.generate.sow import Bed, sow_free
from grader.stream import Stream
from seeded_bugs.contract import SeededBug, SeededDecoy, Site
from seeded_bugs.syntax.whole import parse

TRIES = 90


class Step(NamedTuple):
    """An item that was sown, and the bed with it."""

    item: Item
    bed: Bed


class Refusal(NamedTuple):
    """An item that found no free place when so many steps were done."""

    after: int
    item: Item


@dataclass(frozen=True)
class Tried:
    """How far sowing has come."""

    plan: Plan
    steps: tuple[Step, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    def back_to(self, count: int) -> "Tried":
        """Return the state when so many steps were done, with what was refused by then."""
        refusals = tuple(r for r in self.refusals if r.after <= count)
        return replace(self, steps=self.steps[:count], refusals=refusals)

    def drawn_again(self, stream: Stream) -> "Tried":
        """Return it with a plan around its steps and refusals; PlanError if there is none."""
        sown = [step.item for step in self.steps]
        barred = [refusal.item for refusal in self.refusals]
        return replace(self, plan=redrawn(self.plan, sown, barred, stream))


@dataclass(frozen=True)
class Filler:
    """Sows items into a clean program."""

    clean: Bed
    kinds: Mapping[str, SeededBug]
    decoys: Mapping[str, SeededDecoy]
    stream: Stream

    def fill(self, plan: Plan) -> Bed:
        """Return the program with the whole plan sown, or one drawn in its place.

        Raises:
            PlanError: if no plan that keeps the blueprint was found in so many tries.
        """
        tried = Tried(plan)
        for number in range(TRIES):
            sown = {step.item for step in tried.steps}
            item = next((i for i in tried.plan.order() if i not in sown), None)
            if item is None:
                return self._bed(tried.steps)
            bed = self._sown(self._bed(tried.steps), item, tried.plan)
            if bed is not None:
                tried = replace(tried, steps=(*tried.steps, Step(item, bed)))
            else:
                refused = Refusal(len(tried.steps), item)
                tried = replace(tried, refusals=(*tried.refusals, refused))
                tried = self._around(tried, item, self.stream.child(f"again/{number}"))
        raise PlanError(
            f"blueprint {plan.blueprint.name}: too few flaws and decoys find a free place "
            "together; include or exclude fewer kinds, choose another scenario, or widen a range"
        )

    def _around(self, tried: Tried, item: Item, stream: Stream) -> Tried:
        """Return the state with a plan that does without the item, or without what is in its way.

        Raises:
            PlanError: if even the empty program allows no plan.
        """
        try:
            return tried.drawn_again(stream)
        except PlanError:
            count = self._last_free(tried, item)
        if count is not None:
            in_the_way = tried.steps[count].item
            prospects = tried.plan.prospects.parted(in_the_way, item)
            tried = replace(tried.back_to(count), plan=replace(tried.plan, prospects=prospects))
        while True:
            try:
                return tried.drawn_again(stream)
            except PlanError:
                if not tried.steps:
                    raise
                tried = tried.back_to(len(tried.steps) - 1)

    def _last_free(self, tried: Tried, item: Item) -> int | None:
        """Return after how many steps the item last had a free place; None if it never had."""
        low, high = -1, len(tried.steps)
        while high - low > 1:
            middle = (low + high) // 2
            if self._sown(self._bed(tried.steps[:middle]), item, tried.plan) is None:
                high = middle
            else:
                low = middle
        return None if low < 0 else low

    def _bed(self, steps: Sequence[Step]) -> Bed:
        return steps[-1].bed if steps else self.clean

    def _sown(self, bed: Bed, item: Item, plan: Plan) -> Bed | None:
        """Return the bed with the item at one of its sites; None if no site is free."""
        if item.side is None:
            sites = list(self.decoys[item.name].find(parse(bed.text)))
            sown = sow_free(bed, item.name, sites, self.stream.child(f"decoy/{item.name}"))
            return sown and replace(sown.bed, decoys=(*sown.bed.decoys, sown.new))
        sites = self._on_side(bed, item, plan)
        sown = sow_free(bed, item.name, sites, self.stream.child(f"flaw/{item.name}"))
        return sown and replace(sown.bed, flaws=(*sown.bed.flaws, sown.new))

    def _on_side(self, bed: Bed, item: Item, plan: Plan) -> list[Site]:
        """Return the sites of a flaw whose reach is on the side that the plan asks for."""
        module, bug = parse(bed.text), self.kinds[item.name]
        sites = list(bug.find(module))
        if item.name not in plan.prospects.mixed:
            return sites
        sides = sides_of(Ground(module), sites, bug.entry, plan.blueprint.reach.apart)
        return [site for site, side in zip(sites, sides, strict=True) if side == item.side]
