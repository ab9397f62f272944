"""Sowing: from a clean program to one with flaws and decoys whose lines are measured.

After each sowing the text before and after are compared: what changed are the lines of that flaw,
and the lines of all earlier ones are carried along. A site whose lines would touch those of an
earlier flaw is passed over, so that every line of the key has one owner.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import libcst as cst

from grader.errors import PlanError
from grader.generate.plan import Plan, conflict
from grader.spans import LineMap, Span, changed, merge, overlap
from grader.stream import Stream
from seeded_bugs.contract import Part, SeededBug, SeededDecoy, Seeder, Site, sow
from seeded_bugs.syntax.whole import parse, print_module

ALL_PARTS: tuple[Part, ...] = ("main", "trace", "support")


@dataclass(frozen=True)
class Sown:
    """One flaw or decoy in the text: where it is, and where else it changed something."""

    name: str
    main: tuple[Span, ...]
    trace: tuple[Span, ...]
    elsewhere: tuple[Span, ...] = ()

    def spans(self) -> tuple[Span, ...]:
        """Return the lines that belong to it alone."""
        return (*self.main, *self.trace)

    def carried(self, lines: LineMap) -> "Sown":
        """Return it on the next text."""
        return replace(
            self,
            main=_carry(self.main, lines),
            trace=_carry(self.trace, lines),
            elsewhere=_carry(self.elsewhere, lines),
        )


@dataclass(frozen=True)
class Bed:
    """A program text with everything that was sown into it so far."""

    text: str
    flaws: tuple[Sown, ...] = ()
    decoys: tuple[Sown, ...] = ()
    refused: tuple[str, ...] = field(default=())

    def everything(self) -> tuple[Sown, ...]:
        """Return flaws and decoys."""
        return (*self.flaws, *self.decoys)

    def moved(self, text: str, lines: LineMap) -> "Bed":
        """Return the bed after an edit that sows nothing."""
        return replace(
            self,
            text=text,
            flaws=tuple(s.carried(lines) for s in self.flaws),
            decoys=tuple(s.carried(lines) for s in self.decoys),
        )


def sow_all(
    clean: str,
    plan: Plan,
    kinds: Mapping[str, SeededBug],
    decoys: Mapping[str, SeededDecoy],
    stream: Stream,
) -> Bed:
    """Sow the plan into a clean program: half of the flaws, the decoys, the other flaws.

    Decoys come in between because there must be enough of them, and places get scarce.

    Raises:
        PlanError: if a kind that must be there, or enough flaws or decoys, found no place.
    """
    bed = _sow_flaws(Bed(clean), plan, kinds, decoys, stream, max(plan.flaws // 2, len(plan.must)))
    bed = _sow_decoys(bed, plan, decoys, stream)
    bed = _sow_flaws(bed, plan, kinds, decoys, stream, plan.flaws)
    lacking = [name for name in plan.must if name not in {s.name for s in bed.flaws}]
    if lacking:
        raise PlanError(f"{', '.join(lacking)} found no free place beside the other kinds")
    if len(bed.flaws) < plan.flaws or len(bed.decoys) < plan.decoys:
        raise PlanError(
            f"only {len(bed.flaws)} of {plan.flaws} flaws and {len(bed.decoys)} of "
            f"{plan.decoys} decoys found a free place; exclude fewer kinds"
        )
    return bed


def _sow_flaws(
    bed: Bed,
    plan: Plan,
    kinds: Mapping[str, SeededBug],
    decoys: Mapping[str, SeededDecoy],
    stream: Stream,
    most: int,
) -> Bed:
    """Go down the queue until there are ``most`` flaws; what found no place once is passed over."""
    for name in (*plan.must, *plan.queue):
        if len(bed.flaws) >= most:
            break
        tried = name in bed.refused or any(s.name == name for s in bed.flaws)
        if tried or not _allowed(name, bed, plan, kinds, decoys):
            continue
        result = _try(bed, name, kinds[name].find, stream.child(f"flaw/{name}"))
        if result is None:
            bed = replace(bed, refused=(*bed.refused, name))
        else:
            bed = replace(result[0], flaws=(*result[0].flaws, result[1]))
    return bed


def _sow_decoys(bed: Bed, plan: Plan, decoys: Mapping[str, SeededDecoy], stream: Stream) -> Bed:
    there = {s.name for s in bed.flaws}
    for name in plan.decoy_queue:
        if len(bed.decoys) == plan.decoys:
            break
        if there & set(decoys[name].entry.excludes):
            continue
        result = _try(bed, name, decoys[name].find, stream.child(f"decoy/{name}"))
        if result is not None:
            bed = replace(result[0], decoys=(*result[0].decoys, result[1]))
    return bed


def _allowed(
    name: str,
    bed: Bed,
    plan: Plan,
    kinds: Mapping[str, SeededBug],
    decoys: Mapping[str, SeededDecoy],
) -> bool:
    there = [s.name for s in bed.flaws]
    if any(conflict(kinds, name, other) for other in there):
        return False
    if any(name in decoys[s.name].entry.excludes for s in bed.decoys):
        return False
    category = kinds[name].entry.category
    for quota in plan.quotas:
        if category in quota.categories and name not in plan.must:
            count = sum(kinds[n].entry.category in quota.categories for n in there)
            return count < quota.most
    return True


def _try(bed: Bed, name: str, find: Seeder, stream: Stream) -> tuple[Bed, Sown] | None:
    module = parse(bed.text)
    for site in stream.shuffled(list(find(module))):
        result = sow_site(bed, name, module, site)
        if result is not None:
            return result
    return None


def sow_site(bed: Bed, name: str, module: cst.Module, site: Site) -> tuple[Bed, Sown] | None:
    """Sow one site; None if its lines would touch those of an earlier flaw or decoy."""
    after = print_module(sow(module, site, ALL_PARTS))
    main, trace = measure(bed.text, module, site, after)
    lines = LineMap.by_diff(bed.text, after)
    for other in bed.everything():
        if not all(lines.kept_together(span) for span in other.spans()):
            return None
        carried = other.carried(lines).spans()
        if any(overlap(a, b) for a in carried for b in (*main, *trace)):
            return None
    return bed.moved(after, lines), Sown(name, main, trace)


def measure(
    before: str, module: cst.Module, site: Site, after: str
) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return the lines of ``after`` that the main edits wrote, and those of the trace edits."""
    if all(edit.part == "main" for edit in site.edits):
        return tuple(changed(before, after)), ()
    only_main = print_module(sow(module, site, ("main",)))
    no_support = print_module(sow(module, site, ("main", "trace")))
    to_traced = LineMap.by_diff(only_main, no_support)
    to_after = LineMap.by_diff(no_support, after)
    main = _carry(_carry(tuple(changed(before, only_main)), to_traced), to_after)
    trace = _carry(tuple(changed(only_main, no_support)), to_after)
    return main, tuple(t for t in trace if not any(overlap(t, m) for m in main))


def _carry(spans: Sequence[Span], lines: LineMap) -> tuple[Span, ...]:
    carried = (lines.carry(span) for span in spans)
    return tuple(merge([span for span in carried if span is not None]))
