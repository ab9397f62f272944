"""Verdicts looked at together: what is taken back, denied beside, or claimed everywhere."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from grader.match.findings import Finding, categories, sprawls
from grader.match.judged import Judged
from grader.match.prepare import Ready
from grader.match.spray import budget_share, credit_share
from grader.match.words import open_up
from grader.spans import Span, distance
from seeded_bugs.words import CATEGORIES

OF_CATEGORY = -1_600  # log share of the item's category from which a denial is about it
OF_WORDS = 300  # likeness to the item's texts from which it is
NAMED = 700  # share of another category from which it is about something else
FEW = 3  # remarks
QUESTION = 500  # the most that a near miss earns, in thousandths


class Against(NamedTuple):
    """Why a finding may not take an item: another remark at the same place says otherwise."""

    rule: str
    reason: str
    alert: str | None


def spoken_against(
    finding: Finding,
    item: int,
    others: Sequence[Finding],
    judged: Mapping[int, Judged],
    ready: Ready,
) -> Against | None:
    """Return what speaks against a finding's claim of an item, among all findings.

    Args:
        finding: who would take the item.
        item: its number in the key.
        others: all findings; those that deny or take back something are looked at.
        judged: the verdicts so far, by the number of the finding.
        ready: the key made ready.
    """
    for number, other in enumerate(others):
        there = other.draft
        if there.claim.stance != "denies" and not there.takes_back:
            continue
        if _is_corrected(other, others):
            continue
        empty = number in judged and judged[number].verdict == "empty"
        found = _against(finding, other, item, empty, ready)
        if found is not None:
            return found
    return None


def _is_corrected(finding: Finding, others: Sequence[Finding]) -> bool:
    """Tell whether a later remark at the same place corrects a denial by asserting something."""
    here = finding.draft
    return not here.corrects and any(
        f.draft.corrects
        and f.draft.claim.level == 1000
        and f.draft.comment > here.comment
        and _same_place(f.draft.spot.lines, here.spot.lines)
        for f in others
    )


def _against(
    finding: Finding, other: Finding, item: int, empty: bool, ready: Ready
) -> Against | None:
    here, there = finding.draft, other.draft
    if here.comment == there.comment or not _same_place(here.spot.lines, there.spot.lines):
        return None
    withdrawn = Against("withdrawn", "a later remark at this place takes it back", None)
    if there.corrects and there.takes_back and not here.corrects and empty:
        return withdrawn
    if there.claim.stance != "denies" or not _denies(finding, other, item, ready):
        return None
    if there.corrects:
        return withdrawn
    if here.corrects:
        return None
    told = "asserted and denied at the same place"
    return Against("contradiction", told, told)


def _denies(claim: Finding, finding: Finding, number: int, ready: Ready) -> bool:
    """Tell whether a denial is about an item: of its category, or of nothing in particular.

    Praise of something else on the same line speaks against nothing, nor does "this is fine" on
    the line beside.
    """
    item = ready.items[number]
    if finding.opinion.label(item.item.category) >= OF_CATEGORY:
        return True
    if finding.said.similarity[number] >= OF_WORDS:
        return True
    if item.item.category.replace("-", " ") in open_up(finding.draft.text).replace("-", " "):
        return True
    here, there = claim.draft.spot.lines, finding.draft.spot.lines
    if here is not None and there is not None and distance(here, there) > 0:
        return False
    plain = not finding.said.named and finding.share < NAMED
    return plain and finding.kind is None


def shrunk(judged: Mapping[int, Judged], ready: Ready) -> dict[int, Judged]:
    """Take credit from categories that were claimed at many places, mostly wrong."""
    lines: dict[str, set[int]] = defaultdict(set)
    right: dict[str, int] = defaultdict(int)
    for one in judged.values():
        spot = one.finding.draft.spot.lines
        if one.item is not None and one.verdict in ("hit", "near-miss"):
            category: str = ready.items[one.item].item.category
            right[category] += 1
        else:
            category = one.finding.label
        if spot is not None and one.finding.draft.claim.level and one.verdict != "style":
            lines[category].add(spot.start)
    claims = sum(len(lines[c]) for c in CATEGORIES if c != "maintainability")
    over = budget_share(sum(right.values()), claims)
    done = dict(judged)
    for i, one in judged.items():
        if one.item is None or not one.credit:
            continue
        category = ready.items[one.item].item.category
        share = min(over, credit_share(right[category], len(lines[category]), category))
        if share < 1000:
            done[i] = _less(one, share, len(lines[category]), category)
    return done


def believed(judged: Mapping[int, Judged]) -> dict[int, Judged]:
    """Give credit for claims far from their places to as many as there are hits.

    Of a review of a few remarks that say something one is believed in any case.

    Who reads the program misplaces a remark or two; who pastes what is often wrong misplaces
    nearly all. The surest are believed first.
    """
    far = [i for i, one in judged.items() if one.rule == "far" and one.credit]
    hits = sum(one.verdict == "hit" for one in judged.values())
    far.sort(key=lambda i: (-_points(judged[i]), judged[i].item))
    said = sum(one.verdict not in ("duplicate", "empty") for one in judged.values())
    believed_far = max(hits, 1 if said <= FEW else 0)
    done = dict(judged)
    for i in far[believed_far:]:
        why = "the right claim, far from its place, as most remarks here are"
        done[i] = judged[i]._replace(credit=0, rule="far-again", reason=why)
    return done


def summed_up(judged: Mapping[int, Judged], ready: Ready) -> dict[int, Judged]:
    """Take a general remark that lists what the other remarks found for a summary: it is neutral.

    Known words spill over into categories that are not meant, so a quarter may be without a find.
    """
    found = {
        ready.items[one.item].item.category
        for one in judged.values()
        if one.item is not None and one.verdict == "hit"
    }
    done = dict(judged)
    for i, one in judged.items():
        listed = one.rule == "spray" and one.finding.draft.spot.lines is None
        named = categories(one.finding)
        if listed and sprawls(one.finding) and 4 * len(named & found) >= 3 * len(named):
            why = "sums up what other remarks say"
            done[i] = one._replace(verdict="duplicate", rule="summary", reason=why)
    return done


def _points(one: Judged) -> int:
    return one.fit.points if one.fit else 0


def _less(one: Judged, share: int, count: int, category: str) -> Judged:
    alert = f"{category} was claimed at {count} places, mostly wrong; its credit shrinks"
    if share == 0:
        return one._replace(
            verdict="generic", rule="spray", item=None, credit=0, reason=alert, alert=alert
        )
    credit = min(one.credit * share // 1000, QUESTION)
    return one._replace(verdict="near-miss", rule="spray", credit=credit, reason=alert, alert=alert)


def _same_place(a: Span | None, b: Span | None) -> bool:
    if a is None or b is None:
        return a is b
    return distance(a, b) <= 2
