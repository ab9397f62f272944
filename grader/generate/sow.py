"""Sowing: from a clean program to one with flaws and decoys whose lines are measured.

After each sowing the text before and after are compared: what changed are the lines of that flaw,
and the lines of all earlier ones are carried along. A site whose lines would touch those of an
earlier flaw is passed over, so that every line of the key has one owner.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import libcst as cst

from grader.spans import LineMap, Span, changed, merge, overlap
from grader.stream import Stream
from seeded_bugs.contract import Part, Site, sow
from seeded_bugs.syntax.whole import parse, print_module

ALL_PARTS: tuple[Part, ...] = ("main", "trace", "support")


@dataclass(frozen=True)
class Sown:
    """One flaw or decoy in the text: where it is, and where else it changed something.

    ``apart``: the lines between the ends of a flaw, once they are measured.
    """

    name: str
    main: tuple[Span, ...]
    trace: tuple[Span, ...]
    elsewhere: tuple[Span, ...] = ()
    apart: int | None = None

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


class Planted(NamedTuple):
    """A bed after a sowing, its older places carried along, and what was sown."""

    bed: Bed
    new: Sown


def sow_free(bed: Bed, name: str, sites: Sequence[Site], stream: Stream) -> Planted | None:
    """Sow at the first free site, in random order; None if none is free.

    The sites are those of `parse(bed.text)`.
    """
    module = parse(bed.text)
    for site in stream.shuffled(sites):
        result = sow_site(bed, name, module, site)
        if result is not None:
            return Planted(*result)
    return None


def sow_site(bed: Bed, name: str, module: cst.Module, site: Site) -> tuple[Bed, Sown] | None:
    """Sow one site; None if its lines would touch those of an earlier flaw or decoy."""
    after = print_module(sow(module, site, ALL_PARTS))
    lines = LineMap.by_diff(bed.text, after)
    older = [span for other in bed.everything() for span in other.spans()]
    if not all(lines.kept_together(span) for span in older):
        return None
    main, trace = measure(bed.text, module, site, after)
    carried = [span for other in bed.everything() for span in other.carried(lines).spans()]
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
