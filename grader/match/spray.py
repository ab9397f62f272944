"""Remarks spread over the program in the hope that some land: found, so that luck earns nothing."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from grader.match.findings import Finding, sprawls
from seeded_bugs.words import CATEGORIES

COPIES = 4  # the same text at so many places is one general remark
CATEGORIES_AT_ONE_PLACE = 4
CROWDED_PLACES = 3
CYCLED_KINDS = 5
FAR_APART = 24
FREE_MISSES = 8  # claims of one category beside the mark before its credit shrinks
FREE_OF_STRUCTURE = 24  # the same for maintainability: a messy program gives cause for many
# Claims beside the mark, but for those on structure, that cost nothing, and one more for so many
# that hit. Careful reviews hold one such claim to seven right ones, weak ones up to six in all.
FREE_BESIDE, FREE_FOR_HITS = 6, 4
OVER_BUDGET = 80  # thousandths of all credit lost for each further one
SHRINK = 250  # thousandths of credit lost for each further one
_LONG_WORD = re.compile(r"[a-z]{3,}")


def generic(findings: Sequence[Finding]) -> dict[int, str]:
    """Return the positions of findings that say nothing about their place, and why."""
    reasons: dict[int, str] = {}
    for i in _copied(findings):
        reasons[i] = "the same remark stands at four or more places"
    for i in _crowded(findings):
        reasons.setdefault(i, "four or more kinds of trouble are claimed at each of many places")
    for i in _cycled(findings):
        reasons.setdefault(i, "several kinds of trouble are each claimed at places far apart")
    for i, finding in enumerate(findings):
        if sprawls(finding):
            reasons.setdefault(i, "one remark runs through six or more kinds of trouble")
    return reasons


def _copied(findings: Sequence[Finding]) -> Iterable[int]:
    places: dict[frozenset[str], set[int]] = defaultdict(set)
    members: dict[frozenset[str], list[int]] = defaultdict(list)
    for i, finding in enumerate(findings):
        lines = finding.draft.spot.lines
        if lines is None or finding.label == "style":
            continue
        text = frozenset(_LONG_WORD.findall(finding.draft.text.lower()))
        places[text].add(lines.start)
        members[text].append(i)
    for text, starts in places.items():
        if len(starts) >= COPIES:
            yield from members[text]


def _crowded(findings: Sequence[Finding]) -> list[int]:
    """Return findings at places where many categories are claimed, if there are many such."""
    at: dict[int, list[int]] = defaultdict(list)
    for i, finding in enumerate(findings):
        lines = finding.draft.spot.lines
        if lines is not None and finding.draft.claim.level and finding.label in CATEGORIES:
            at[lines.start].append(i)
    crowded = [
        members
        for members in at.values()
        if len({findings[i].label for i in members}) >= CATEGORIES_AT_ONE_PLACE
    ]
    if len(crowded) < CROWDED_PLACES:
        return []
    return [i for members in crowded for i in members]


def _cycled(findings: Sequence[Finding]) -> list[int]:
    """Return findings whose kinds are claimed again and again at places far apart.

    One or two kinds may well stand at two places; five or more are a list gone through in turn.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for i, finding in enumerate(findings):
        if finding.draft.spot.lines is not None and finding.draft.claim.level and finding.kind:
            members[finding.kind].append(i)
    repeated = []
    for group in members.values():
        starts = sorted(s.start for i in group if (s := findings[i].draft.spot.lines))
        if starts[-1] - starts[0] > FAR_APART:
            repeated.append(group)
    if len(repeated) < CYCLED_KINDS:
        return []
    return [i for group in repeated for i in group]


def budget_share(right: int, claims: int) -> int:
    """Return the share of credit, in thousandths, for ``claims`` placed claims in all.

    Who claims far more than a program of this size can hold, mostly beside the mark, is guessing.
    """
    beside = max(0, claims - right)
    return max(0, 1000 - OVER_BUDGET * max(0, beside - FREE_BESIDE - right // FREE_FOR_HITS))


def credit_share(right: int, claims: int, category: str) -> int:
    """Return the share of credit, in thousandths, for a category claimed ``claims`` times.

    Args:
        right: claims that hit an item.
        claims: different lines at which the category was claimed.
        category: the category.
    """
    free = FREE_OF_STRUCTURE if category == "maintainability" else FREE_MISSES
    excess = claims - right - free - right
    return max(0, 1000 - SHRINK * max(0, excess))
