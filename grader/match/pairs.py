"""A finding held against every item and decoy of the key."""

from collections.abc import Sequence
from typing import NamedTuple

from grader.match.findings import WIDE, Finding, breadth
from grader.match.judged import Judged
from grader.match.meaning import NAMED, Fit
from grader.match.place import HEADER, Reach
from grader.match.prepare import Ready, ReadyDecoy
from seeded_bugs.words import CATEGORIES

# Least log odds for credit, by place, in thousandths of a nat (see `meaning.fit`).
AT, FAR = -1_700, 1_200
EXACT = -2_500  # on the very line, for a claim that is surely one
SURE = 450  # share from which a label that is no flaw decides
WORDS = 600  # likeness to the key from which what reads as style is none
SURELY = 1_200  # the text model's leaning to "asserts" from which it is
_LEAST = {"at": AT, "near": -600, "file": -800, "far": 10**6}
_LOWEST = min(EXACT, *_LEAST.values())  # nothing below suffices anywhere
GREY = 500  # log odds below the least that are left to a person
LOOSE = 1_500  # log odds below the least that still are a related claim, if the category is right
RELATED = 600  # share of the category from which a claim is related
PLAUSIBLE, ALIKE = 60, 350  # least share of the category, or least similarity, for any credit
NEXT_TO_DECOY = 2_000  # taken off an item that is only near when a decoy is right here
ON_DECOY, DECOY_LEAD = -200, -400
LEAD = 2_500  # a finding takes no item that fits it so much worse than its best one


class Pair(NamedTuple):
    """A finding held against one item."""

    item: int
    fit: Fit
    reach: Reach
    points: int
    takes: bool


def hold(finding: Finding, ready: Ready) -> list[Pair]:
    """Hold a finding against every item that it may be about, the best first."""
    pairs = []
    reaches = ready.reach_items(finding.draft.spot)
    best = max((fit.points for fit in finding.said.fits.values()), default=0)
    for number, match_ in finding.said.fits.items():
        how = reaches[number]
        absence = _is_absence(number, ready)
        if absence:
            how = _general(finding, how)
        points = match_.points - _penalty(how)
        takes = (
            match_.points >= _LOWEST
            and _suffices(match_, how, finding)
            and (how.nearness in ("at", "near") or (absence and is_specific(finding)))
            # Without a place, what is said decides alone: it must not fit another flaw far better.
            and (how.nearness != "file" or match_.points >= best - LEAD)
        )
        pairs.append(Pair(number, match_, how, points, takes))
    pairs.sort(key=lambda p: (-p.takes, -p.points, p.item))
    return pairs


def _general(finding: Finding, how: Reach) -> Reach:
    """A remark on the head of the file is about the file, for what is missing from it."""
    lines = finding.draft.spot.lines
    if lines is not None and lines.end <= HEADER and how.nearness == "far":
        return Reach("file", None, False)
    return how


def _penalty(how: Reach) -> int:
    """Return the log odds that a place costs."""
    lines = how.lines or 0
    if how.nearness == "at":
        return (0 if how.main else 1_300) + 30 * lines
    if how.nearness == "near":
        return 800 + 150 * min(12, lines)
    return 600 if how.nearness == "file" else 2_500


def _suffices(match: Fit, how: Reach, finding: Finding) -> bool:
    """Tell whether what is said is enough for credit at this place.

    Who points at the very line of a flaw, or the one beside, and asserts a defect need not say it
    in known words, unless the words are surely those of something else.
    """
    named = match.similarity >= WORDS or (_is_exact(how) and match.lead >= NAMED)
    if match.near_miss or (_is_style(finding) and not named):
        return False
    named_else = finding.kind is not None and match.lead < 0
    if _is_exact(how) and _asserts(finding) and not named_else and match.points >= EXACT:
        return True
    sound = match.category >= PLAUSIBLE or match.similarity >= ALIKE
    return sound and match.points >= _LEAST[how.nearness]


def _is_exact(how: Reach) -> bool:
    return how.nearness == "at" and how.main and (how.lines or 0) <= 1


def _is_style(finding: Finding) -> bool:
    return finding.label == "style" and finding.share >= SURE


def _asserts(finding: Finding) -> bool:
    return (
        finding.label in CATEGORIES
        and finding.draft.claim.level == 1000
        and finding.opinion.flags.get("asserts", 0) >= SURELY
        and (breadth(finding) < WIDE or finding.share >= RELATED)
    )


def is_specific(finding: Finding) -> bool:
    """Tell whether a general remark has a consequence or names something of this program.

    One of many that run through the categories has to name something: it may be pasted.
    """
    if finding.pasted and not finding.said.named:
        return False
    if finding.opinion.flags.get("why", 0) > 0:
        return True
    if finding.said.named:
        return True
    return finding.label != "generic" and finding.draft.of < 5


def on_decoy(finding: Finding, pairs: Sequence[Pair], ready: Ready) -> Judged | None:
    """Judge a claim that names sound code at its very place."""
    best: tuple[int, Fit, Reach, ReadyDecoy] | None = None
    reaches = ready.reach_decoys(finding.draft.spot)
    for number, match_ in finding.said.decoys.items():
        one, how = ready.decoys[number], reaches[number]
        if how.nearness != "at":
            continue
        if match_.points >= ON_DECOY and (best is None or match_.points > best[0]):
            best = (match_.points, match_, how, one)
    if best is None or finding.draft.claim.level < 1000:
        return None
    rival = max((_against(p, best[2]) for p in pairs if p.takes), default=-9_000)
    if rival >= best[0] + DECOY_LEAD:
        return None
    if finding.draft.claim.content:
        return Judged(finding, "empty", "content", "weighs the code up and leaves it as it is")
    reason = f"claims a defect on sound code: {best[3].decoy.sound_because}"
    return Judged(
        finding, "contradicted", "decoy", reason, decoy=best[3].decoy.id, fit=best[1],
        reach=best[2], margin=best[0] - rival,
    )  # fmt: skip


def _against(pair: Pair, decoy: Reach) -> int:
    """Return the points of an item against a decoy near the finding; the nearer one gains."""
    if pair.reach.nearness != "at":
        return pair.points - NEXT_TO_DECOY
    farther = (decoy.lines or 0) - (pair.reach.lines or 0)
    return pair.points + NEXT_TO_DECOY * ((farther > 0) - (farther < 0))


def is_near_miss(pair: Pair, ready: Ready) -> bool:
    """Tell whether a pair deserves part credit: right claim far off, or related claim here."""
    if pair.reach.nearness == "at" and pair.reach.main:
        related = pair.fit.category >= RELATED and pair.fit.points >= AT - LOOSE
        return related or (pair.fit.near_miss and pair.fit.category >= RELATED)
    if pair.reach.nearness == "file" and not _is_absence(pair.item, ready):
        return False
    return pair.fit.points >= FAR and not pair.fit.near_miss


def _is_absence(item: int, ready: Ready) -> bool:
    return ready.items[item].item.anchor == "absence"


def in_grey(pair: Pair) -> bool:
    """Tell whether a finding at the place says nearly enough; a person decides."""
    least = EXACT if _is_exact(pair.reach) else AT
    return pair.reach.nearness == "at" and least - GREY <= pair.fit.points < AT
