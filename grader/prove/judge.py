"""The verdicts: each flaw confirmed at its lines, each decoy refuted, nothing else found.

A finding counts for a flaw if it names one of the aspects that the flaw's proof shows, and touches
the flaw's lines or the program as a whole. The same must not be found in the clean twin.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grader.prove.finding import Finding
from grader.prove.oracles.every import LAST, ORACLES, oracle
from grader.prove.oracles.optimism import OPTIMISTIC
from grader.prove.statements import whole_statements
from grader.prove.trial import Trial


@dataclass(frozen=True)
class Charge:
    """What is said of some lines of a program.

    Args:
        name: the kind of flaw or decoy.
        oracle: which judgement decides.
        claim: the proof's words.
        shows: aspects that confirm a flaw, or that must be absent from a decoy.
        also: aspects that follow from the flaw; they are no stowaways.
        lines: the program lines that belong to it.
        decoy: whether the code is sound.
    """

    name: str
    oracle: str
    claim: str
    shows: tuple[str, ...]
    also: tuple[str, ...]
    lines: frozenset[int]
    decoy: bool = False


@dataclass(frozen=True)
class Proven:
    """The verdict on a charge: what was seen in the clean program and in this one.

    ``promised`` tells what the whole program reports and what fresh rows give, where the flaw is
    one that raises the report, by itself or with others.
    """

    charge: Charge
    clean: str
    seeded: str
    confirmed: bool
    promised: str = ""


def findings(trial: Trial, name: str) -> tuple[Finding, ...]:
    """Return what an oracle finds in a program; judged once a trial."""
    if name not in trial.found:
        trial.found[name] = tuple(oracle(name).find(trial))
    return trial.found[name]


def judge(trial: Trial, charge: Charge) -> Proven:
    """Return the verdict on one charge; for a decoy, confirmed means that nothing was found."""
    lines = whole_statements(trial.program, charge.lines)
    there = [f for f in findings(trial.twin, charge.oracle) if f.aspect in charge.shows]
    here = [f for f in findings(trial, charge.oracle) if f.aspect in charge.shows]
    silence = oracle(charge.oracle).silence
    if charge.decoy:
        at_it = [f for f in here if lines & set(f.lines)]
        return Proven(charge, _said(there, silence), _said(at_it, silence), not at_it)
    at_it = sorted(
        (f for f in here if not f.lines or lines & set(f.lines)),
        key=lambda f: charge.shows.index(f.aspect),
    )
    seen = _said(at_it or here, silence)
    return Proven(charge, _said(there, silence), seen, bool(at_it) and not there)


ONLY_IF_CHARGED = (
    "no-effect",
    "features:future",
    "passed-on:features",
    "passed-on:labels",
    "learnt:features",
    "learnt:labels",
)
"""A line without effect may log or check, training rows may be newer than other ones, what is
made of a tainted table is tainted, and a score follows the held-out rows rightly: these are wrong
only where a flaw says so."""


def strays(trial: Trial, charges: Sequence[Charge]) -> list[Finding]:
    """Return the findings of any oracle that no flaw of the program explains.

    The oracle that needs the longest runs is asked only if the others find nothing.
    """
    flaws = [charge for charge in charges if not charge.decoy]
    owned = whole_statements(trial.program, (n for flaw in flaws for n in flaw.lines))
    follows = {aspect for flaw in flaws for aspect in (*flaw.shows, *flaw.also)}
    found: list[Finding] = []
    for name in (*sorted(ORACLES.keys() - {LAST}), LAST):
        if name == LAST and found:
            break
        found += [
            finding
            for finding in findings(trial, name)
            if not owned & set(finding.lines)
            if finding.aspect not in ONLY_IF_CHARGED and not _covered(finding.aspect, follows)
        ]
    return found


def with_promise(trial: Trial, verdicts: Sequence[Proven]) -> tuple[Proven, ...]:
    """Return the verdicts, those on what raises the report with how far it is raised in all."""
    told = "; ".join(f.observed for f in trial.found.get(LAST, ()))
    return tuple(
        replace(v, promised=told)
        if told and v.confirmed and OPTIMISTIC in (*v.charge.shows, *v.charge.also)
        else v
        for v in verdicts
    )


def _covered(aspect: str, follows: set[str]) -> bool:
    """Tell whether an aspect is named, by itself or by a leading part such as ``accepted:``."""
    return aspect in follows or any(f.endswith(":") and aspect.startswith(f) for f in follows)


def _said(found: Sequence[Finding], silence: str) -> str:
    return found[0].observed if found else silence


def groups_for(charges: Sequence[Charge]) -> set[str]:
    """Return the groups of runs that the charges need."""
    return {group for charge in charges for group in oracle(charge.oracle).groups}


EVERY_GROUP = tuple(sorted({group for one in ORACLES.values() for group in one.groups}))
