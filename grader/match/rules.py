"""The rules that give every finding its verdict, in the order in which they are tried."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from grader.match.assign import assign
from grader.match.findings import Finding
from grader.match.meaning import Fit, fit, fit_decoy
from grader.match.phrases import pattern
from grader.match.place import HEADER, Reach, reach
from grader.match.prepare import Ready, ReadyDecoy
from grader.match.spray import credit_share, generic
from grader.records.verdict import CommentVerdict
from grader.spans import distance
from seeded_bugs.words import CATEGORIES

# Least log odds for credit, by place, in thousandths of a nat (see `meaning.fit`).
AT, NEAR, FILE, FAR = -1_700, -600, -800, 500
GREY = 500  # log odds below the least that are left to a person
LOOSE = 1_500  # log odds below the least that still are a related claim, if the category is right
RELATED = 600  # share of the category from which a claim is related
PLAUSIBLE, ALIKE = 60, 350  # least share of the category, or least similarity, for any credit
NEXT_TO_DECOY = 2_000  # taken off an item that is only near when a decoy is right here
ON_DECOY, DECOY_LEAD = -200, -400
LEAD = 2_500  # a finding takes no item that fits it so much worse than its best one
MISS, QUESTION, WRONG_REASON = 400, 500, 300  # credit of a near miss, in thousandths
SOUNDS_CONTENT = -600  # the text model's leaning from which a statement is no claim
SURE = 450  # share from which a label that is no flaw decides
_ODD_REASON = pattern("rules", "odd_reason")


@dataclass(frozen=True)
class Judged:
    """A finding with its verdict; ``credit`` in thousandths of an item."""

    finding: Finding
    verdict: CommentVerdict
    rule: str
    reason: str
    item: int | None = None
    decoy: str | None = None
    credit: int = 0
    fit: Fit | None = None
    reach: Reach | None = None
    runner_up: str | None = None
    margin: int = 0
    alert: str | None = None


@dataclass(frozen=True)
class Pair:
    """A finding held against one item."""

    item: int
    fit: Fit
    reach: Reach
    points: int
    takes: bool


class Case:
    """One submission's findings against one key.

    Args:
        ready: the key made ready.
        findings: in the order in which they were written.
    """

    def __init__(self, ready: Ready, findings: Sequence[Finding]) -> None:
        self._ready = ready
        self._written = list(findings)
        self._findings = sorted(findings, key=lambda f: f.order)
        self._pairs: dict[int, list[Pair]] = {}

    def judge(self) -> list[Judged]:
        """Return a verdict for every finding, sorted by comment."""
        judged: dict[int, Judged] = {}
        sprayed = generic(self._findings)
        for i, finding in enumerate(self._findings):
            found = self._without_items(finding)
            if found is None and i in sprayed:
                found = Judged(finding, "generic", "spray", sprayed[i])
            if found is None and self._said_before(i, judged):
                found = Judged(finding, "duplicate", "said-before", "the same remark stands here")
            if found is not None:
                judged[i] = found
                continue
            self._pairs[i] = self._hold(finding)
            against = self._decoy(finding, self._pairs[i])
            if against is not None:
                judged[i] = against
        judged.update(self._credit([i for i in self._pairs if i not in judged]))
        for i in self._pairs:
            if i not in judged:
                judged[i] = self._left_over(i, judged)
        judged = self._corrected(judged)
        judged = self._shrunk(judged)
        return sorted(
            judged.values(), key=lambda j: (j.finding.draft.comment, j.finding.draft.unit)
        )

    def _without_items(self, finding: Finding) -> Judged | None:
        """Judge what makes no claim about the code, whatever its place."""
        one = finding.draft
        if not one.text.strip(" .,;:!?-"):
            copied = bool(one.plain.copied)
            why = "only lines of the program are quoted" if copied else "nothing is said"
            return Judged(finding, "empty", "copied-code" if copied else "no-text", why)
        if one.foreign or (finding.label == "other-language" and finding.share >= SURE):
            return Judged(
                finding, "undecided", "other-language", "not in English: a person must read it"
            )
        if finding.label in ("praise", "chat", "off-topic") and finding.share >= 700:
            return Judged(finding, "empty", finding.label, f"reads as {finding.label}")
        if one.claim.level == 0:
            return self._no_claim(finding)
        content = finding.opinion.flags.get("asserts", 0) < SOUNDS_CONTENT
        if content and one.claim.level == 1000:
            return Judged(finding, "empty", "content", "reads as if nothing were wrong")
        return None

    def _no_claim(self, finding: Finding) -> Judged:
        stance = finding.draft.claim.stance
        if stance == "keywords":
            return Judged(finding, "generic", "keywords", "words without a statement")
        told = {
            "denies": "says that nothing is wrong here",
            "hedges": "does not say whether anything is wrong",
        }.get(stance, "says nothing about the code")
        return Judged(finding, "empty", stance, told)

    def _said_before(self, i: int, judged: dict[int, Judged]) -> bool:
        """Tell whether an equal text already stands within two lines; findings are sorted by text."""
        here = self._findings[i].draft
        for j in range(i - 1, -1, -1):
            there = self._findings[j].draft
            if there.text != here.text:
                return False
            if j in judged:
                continue
            a, b = here.spot.lines, there.spot.lines
            if (a is None and b is None) or (a and b and distance(a, b) <= 2):
                return True
        return False

    def _hold(self, finding: Finding) -> list[Pair]:
        """Hold a finding against every item, the best first."""
        pairs = []
        reaches = self._ready.reach_items(finding.draft.spot)
        for number, (ready, how) in enumerate(zip(self._ready.items, reaches, strict=True)):
            match_ = fit(finding.said, ready.texts)
            absence = ready.item.anchor == "absence"
            if absence:
                how = self._general(finding, how)
            points, takes = self._points(finding, absence, match_, how)
            pairs.append(Pair(number, match_, how, points, takes))
        pairs.sort(key=lambda p: (-p.takes, -p.points, p.item))
        return pairs

    def _general(self, finding: Finding, how: Reach) -> Reach:
        """A remark on the head of the file is about the file, for what is missing from it."""
        lines = finding.draft.spot.lines
        if lines is not None and lines.end <= HEADER and how.nearness == "far":
            return Reach("file", None, False)
        return how

    def _points(self, finding: Finding, absence: bool, match_: Fit, how: Reach) -> tuple[int, bool]:
        """Return points after the penalty for the place, and whether they are enough."""
        sound = not match_.near_miss and (
            match_.category >= PLAUSIBLE or match_.similarity >= ALIKE
        )
        if how.nearness == "at":
            points = match_.points - (0 if how.main else 100) - 30 * (how.lines or 0)
            return points, sound and match_.points >= AT
        if how.nearness == "near":
            points = match_.points - 300 - 60 * min(12, how.lines or 0)
            return points, sound and match_.points >= NEAR
        if how.nearness == "file" and absence:
            enough = match_.points >= FILE and self._specific(finding)
            return match_.points - 600, sound and enough
        return match_.points - 2_500, False

    def _specific(self, finding: Finding) -> bool:
        """Tell whether a general remark has a consequence or names something of this program."""
        if finding.opinion.flags.get("why", 0) > 0:
            return True
        if finding.said.code & self._ready.names:
            return True
        return finding.label != "generic" and finding.draft.of < 5

    def _decoy(self, finding: Finding, pairs: Sequence[Pair]) -> Judged | None:
        """Judge a claim that names sound code at its very place."""
        best: tuple[int, Fit, Reach, ReadyDecoy] | None = None
        for ready in self._ready.decoys:
            how = reach(finding.draft.spot, ready.places, self._ready.layout)
            if how.nearness != "at":
                continue
            match_ = fit_decoy(finding.said, ready.texts)
            if match_.points >= ON_DECOY and (best is None or match_.points > best[0]):
                best = (match_.points, match_, how, ready)
        if best is None or finding.draft.claim.level < 1000:
            return None
        rival = max((_against(p) for p in pairs if p.takes), default=-9_000)
        if rival >= best[0] + DECOY_LEAD:
            return None
        reason = f"claims a defect on sound code: {best[3].decoy.sound_because}"
        return Judged(
            finding, "contradicted", "decoy", reason, decoy=best[3].decoy.id, fit=best[1],
            reach=best[2], margin=best[0] - rival,
        )  # fmt: skip

    def _credit(self, free: Sequence[int]) -> dict[int, Judged]:
        """Let findings take items, the best in total; near misses after the hits."""
        gains = [[0] * len(self._ready.items) for _ in free]
        pairs: dict[tuple[int, int], Pair] = {}
        for row, i in enumerate(free):
            best = max((p.points for p in self._pairs[i] if p.takes), default=None)
            for pair in self._pairs[i]:
                pairs[row, pair.item] = pair
                if best is not None and pair.takes and pair.points >= best - LEAD:
                    gains[row][pair.item] = 30_000 + max(-9_000, pair.points)
                elif best is None and self._near_miss(pair):
                    gains[row][pair.item] = 1_500 + max(-1_400, pair.points // 10)
        return {
            free[row]: self._judge_pair(free[row], pairs[row, item]) for row, item in assign(gains)
        }

    def _near_miss(self, pair: Pair) -> bool:
        """Tell whether a pair deserves part credit: right claim far off, or related claim here."""
        if pair.reach.nearness == "at" and pair.reach.main:
            related = pair.fit.category >= RELATED and pair.fit.points >= AT - LOOSE
            return related or (pair.fit.near_miss and pair.fit.category >= RELATED)
        if pair.reach.nearness == "file" and not self._absent(pair.item):
            return False
        return pair.fit.points >= FAR and not pair.fit.near_miss

    def _absent(self, item: int) -> bool:
        return self._ready.items[item].item.anchor == "absence"

    def _judge_pair(self, i: int, pair: Pair) -> Judged:
        finding = self._findings[i]
        others = [p for p in self._pairs[i] if p.item != pair.item]
        runner = others[0] if others else None
        name = self._ready.items[runner.item].item.id if runner else None
        margin = pair.points - runner.points if runner else pair.points
        found = Judged(
            finding, "near-miss", "far", "the right claim, far from its place", pair.item,
            credit=MISS, fit=pair.fit, reach=pair.reach, runner_up=name, margin=margin,
        )  # fmt: skip
        if not pair.takes and pair.reach.nearness == "at":
            why = "the right place and a related claim, but another mechanism"
            return replace(found, rule="other-mechanism", reason=why, credit=WRONG_REASON)
        if not pair.takes:
            return found
        if _ODD_REASON.search(finding.draft.text) and (
            pair.fit.lead < 500 or finding.label == "style"
        ):
            why = "the right place and category with a reason that is not the reason"
            return replace(found, rule="odd-reason", reason=why, credit=WRONG_REASON)
        if finding.draft.claim.level < 1000:
            why = "asks whether it is so and does not say so"
            return replace(found, rule="bare-question", reason=why, credit=QUESTION)
        why = f"says the claim {_where(pair.reach)}"
        return replace(found, verdict="hit", rule="hit", reason=why, credit=1000)

    def _left_over(self, i: int, judged: dict[int, Judged]) -> Judged:
        """Judge a finding that took no item."""
        finding = self._findings[i]
        pairs = self._pairs[i]
        taken = {j.item for j in judged.values() if j.item is not None}
        again = next((p for p in pairs if p.takes and p.item in taken), None)
        if again is not None:
            return Judged(
                finding, "duplicate", "said-again", "another remark already says this",
                again.item, fit=again.fit, reach=again.reach,
            )  # fmt: skip
        for label in ("style", "generic"):
            if finding.label == label and finding.share >= SURE:
                return Judged(finding, _as_verdict(label), label, f"reads as {label}")
        if finding.label in ("praise", "chat", "question", "off-topic"):
            return Judged(finding, "empty", finding.label, f"reads as {finding.label}")
        close = next((p for p in pairs if self._in_grey(p)), None)
        if close is not None:
            return Judged(
                finding, "undecided", "grey-band", "close to a flaw of the key; a person decides",
                fit=close.fit, reach=close.reach, runner_up=self._ready.items[close.item].item.id,
            )  # fmt: skip
        if finding.label in ("style", "generic"):
            return Judged(finding, _as_verdict(finding.label), finding.label, "no claim of its own")
        if any(self._far_again(p, taken) for p in pairs):
            return Judged(finding, "duplicate", "said-again-far", "said elsewhere at its place")
        return self._unlisted(finding)

    def _unlisted(self, finding: Finding) -> Judged:
        if finding.label not in CATEGORIES or finding.share < 250:
            return Judged(finding, "undecided", "unclear", "what is claimed is not clear")
        if finding.draft.spot.lines is None and not self._specific(finding):
            return Judged(finding, "generic", "general", "a general remark without a consequence")
        why = f"a claim of {finding.label} that the key does not hold"
        return Judged(finding, "valid-unlisted", "unlisted", why)

    def _in_grey(self, pair: Pair) -> bool:
        return pair.reach.nearness == "at" and AT - GREY <= pair.fit.points < AT

    def _far_again(self, pair: Pair, taken: set[int | None]) -> bool:
        return pair.item in taken and pair.fit.points >= FAR

    def _corrected(self, judged: dict[int, Judged]) -> dict[int, Judged]:
        """Undo claims that another remark at the same place takes back or denies."""
        done = dict(judged)
        for i, one in judged.items():
            if one.verdict not in ("hit", "near-miss") or one.item is None:
                continue
            for other in judged.values():
                against = self._speaks_against(one, other)
                if against:
                    done[i] = replace(
                        one, verdict="empty", rule=against[0], reason=against[1], credit=0,
                        item=None, alert=against[1] if against[0] == "contradiction" else None,
                    )  # fmt: skip
                    break
        return done

    def _speaks_against(self, one: Judged, other: Judged) -> tuple[str, str] | None:
        here, there = one.finding.draft, other.finding.draft
        if here.comment == there.comment or not _same_place(here.spot.lines, there.spot.lines):
            return None
        if there.corrects and there.takes_back and not here.corrects and other.verdict == "empty":
            return "withdrawn", "a later remark at this place takes it back"
        if there.claim.stance != "denies" or one.item is None:
            return None
        item = self._ready.items[one.item].item
        same = fit(other.finding.said, self._ready.items[one.item].texts)
        if other.finding.opinion.labels.get(item.category, -9000) < -1600 and same.similarity < 300:
            return None
        if there.corrects:
            return "withdrawn", "a later remark at this place takes it back"
        if here.corrects:
            return None
        return "contradiction", "asserted and denied at the same place"

    def _shrunk(self, judged: dict[int, Judged]) -> dict[int, Judged]:
        """Take credit from categories that were claimed at many places, mostly wrong."""
        lines: dict[str, set[int]] = defaultdict(set)
        right: dict[str, int] = defaultdict(int)
        for one in judged.values():
            spot = one.finding.draft.spot.lines
            if one.item is not None and one.verdict in ("hit", "near-miss"):
                category: str = self._ready.items[one.item].item.category
                right[category] += 1
            else:
                category = one.finding.label
            if spot is not None and one.finding.draft.claim.level and one.verdict != "style":
                lines[category].add(spot.start)
        done = dict(judged)
        for i, one in judged.items():
            if one.item is None or not one.credit:
                continue
            category = self._ready.items[one.item].item.category
            share = credit_share(right[category], len(lines[category]))
            if share < 1000:
                done[i] = self._less(one, share, len(lines[category]), category)
        return done

    def _less(self, one: Judged, share: int, count: int, category: str) -> Judged:
        alert = f"{category} was claimed at {count} places; its credit shrinks"
        if share == 0:
            return replace(
                one, verdict="generic", rule="spray", item=None, credit=0, reason=alert, alert=alert
            )
        credit = min(one.credit * share // 1000, QUESTION)
        return replace(
            one, verdict="near-miss", rule="spray", credit=credit, reason=alert, alert=alert
        )


def _against(pair: Pair) -> int:
    """Return the points of an item against a decoy at the very place of the finding."""
    return pair.points - (0 if pair.reach.nearness == "at" else NEXT_TO_DECOY)


def _same_place(a: object, b: object) -> bool:
    if a is None or b is None:
        return a is b
    assert isinstance(a, tuple)
    assert isinstance(b, tuple)
    return max(a[0], b[0]) - min(a[1], b[1]) <= 2


def _as_verdict(label: str) -> CommentVerdict:
    return "style" if label == "style" else "generic"


def _where(how: Reach) -> str:
    if how.lines is None:
        return "of what is missing from the whole file"
    return "at its place" if how.lines <= 2 else f"{how.lines} lines from its place"
