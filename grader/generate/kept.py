"""Whether a finished form keeps its blueprint, counted on the program as it is published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grader.errors import PlanError
from grader.generate.blueprint import Blueprint
from grader.generate.reach import Ground, Reach, reach
from grader.generate.sow import Bed
from grader.spans import split_lines
from seeded_bugs.contract import Entry, SeededBug
from seeded_bugs.syntax.whole import parse
from seeded_bugs.words import SEVERITIES


@dataclass(frozen=True)
class Form:
    """What a blueprint counts: each flaw with its reach, the number of decoys, the lines."""

    flaws: tuple[tuple[Entry, Reach], ...]
    decoys: int
    lines: int


def form_of(bed: Bed, kinds: Mapping[str, SeededBug]) -> Form:
    """Return what there is to count in a program with everything sown."""
    ground = Ground(parse(bed.text))
    entries = [kinds[sown.name].entry for sown in bed.flaws]
    flaws = tuple(
        (entry, reach(entry, sown.main, sown.trace, ground))
        for entry, sown in zip(entries, bed.flaws, strict=True)
    )
    return Form(flaws, len(bed.decoys), len(split_lines(bed.text)))


def kept(bed: Bed, blueprint: Blueprint, kinds: Mapping[str, SeededBug]) -> Bed:
    """Return the bed with the reach of each flaw measured.

    Raises:
        PlanError: if the finished program does not keep the blueprint.
    """
    form = form_of(bed, kinds)
    faults = departures(form, blueprint)
    if faults:
        raise PlanError(
            f"blueprint {blueprint.name}: {'; '.join(faults)}; widen a range of the blueprint or "
            "choose another scenario"
        )
    measured = zip(bed.flaws, form.flaws, strict=True)
    return replace(bed, flaws=tuple(replace(s, apart=found.apart) for s, (_, found) in measured))


def departures(form: Form, blueprint: Blueprint) -> list[str]:
    """Return where a form leaves its blueprint, one sentence each; none when it keeps it."""
    entries = [entry for entry, _ in form.flaws]
    far = sum(found.apart >= blueprint.reach.apart for _, found in form.flaws)
    counts: list[tuple[str, int, tuple[int, int]]] = [
        ("flaws", len(entries), blueprint.flaws),
        ("decoys", form.decoys, blueprint.decoys),
        ("lines", form.lines, blueprint.lines),
        ("delocalised", far, blueprint.reach.delocalised),
    ]
    for severity in SEVERITIES:
        found = sum(entry.severity == severity for entry in entries)
        counts.append((severity, found, getattr(blueprint.severity, severity)))
    for group in blueprint.group:
        there = [entry for entry in entries if entry.category in group.categories]
        critical = sum(entry.severity == "critical" for entry in there)
        counts.append((f"group {group.name}", len(there), group.flaws))
        counts.append((f"critical of group {group.name}", critical, group.critical))
    return _outside(counts)


def _outside(counts: Sequence[tuple[str, int, tuple[int, int]]]) -> list[str]:
    return [
        f"{name}: {found}, the blueprint says {low if low == high else f'{low} .. {high}'}"
        for name, found, (low, high) in counts
        if not low <= found <= high
    ]
