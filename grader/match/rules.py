"""The rules that give every finding its verdict, in the order in which they are tried."""

from collections.abc import Sequence
from itertools import islice

from grader.match.assign import assign
from grader.match.claim import sounds_bad
from grader.match.findings import KEY_LIKE, SPRAWLING, Finding, breadth
from grader.match.judged import Judged
from grader.match.pairs import (
    FAR,
    LEAD,
    RELATED,
    SURE,
    Pair,
    hold,
    in_grey,
    is_near_miss,
    is_specific,
    on_decoy,
)
from grader.match.phrases import pattern
from grader.match.place import Reach
from grader.match.prepare import Ready
from grader.match.revise import QUESTION, Against, believed, shrunk, spoken_against, summed_up
from grader.match.spray import generic
from grader.match.terse import spoken
from grader.match.words import open_up
from grader.records.verdict import CommentVerdict
from grader.spans import distance
from seeded_bugs.words import CATEGORIES

CLOSE = 6  # lines off from which a right claim earns half
MISS, WRONG_REASON = 400, 300  # credit of a near miss, in thousandths
HALF_STYLE = -1_000  # log share of style from which what took no flaw is style
CONTENT = -400  # the text model's leaning below which a statement is no claim
TELLS = 1_200  # its leaning from which a question about one kind of flaw is a claim
SURELY_TELLS = 1_900  # the same for a question that holds no word of anything wrong
_ODD_REASON = pattern("rules", "odd_reason")
_NIT = pattern("rules", "nit")


class Case:
    """One submission's findings against one key.

    Args:
        ready: the key made ready.
        findings: in the order in which they were written.
    """

    def __init__(self, ready: Ready, findings: Sequence[Finding]) -> None:
        self._ready = ready
        self._findings = [spoken(f, ready) for f in sorted(findings, key=lambda f: f.order)]
        self._pairs: dict[int, list[Pair]] = {}
        self._against: dict[tuple[int, int], Against] = {}
        self._copies: dict[int, list[int]] = {}

    def judge(self) -> list[Judged]:
        """Return a verdict for every finding, sorted by comment."""
        judged: dict[int, Judged] = {}
        sprayed = generic(self._findings)
        for i, finding in enumerate(self._findings):
            found = None
            first = self._said_before(i)
            if first is not None:
                self._copies.setdefault(first, []).append(i)
                found = Judged(finding, "duplicate", "said-before", "the same remark stands here")
            if found is None:
                found = self._without_items(finding)
            if found is None and i in sprayed:
                found = Judged(finding, "generic", "spray", sprayed[i])
            if found is not None:
                judged[i] = found
                continue
            self._pairs[i] = hold(finding, self._ready)
            against = on_decoy(finding, self._pairs[i], self._ready)
            if against is not None:
                judged[i] = against
        free = [i for i in self._pairs if i not in judged]
        self._note_against(free, judged)
        free += self._stand_ins(free, judged)
        judged.update(self._credit(free))
        for i in self._pairs:
            if i not in judged:
                judged[i] = self._left_over(i, judged)
        judged = shrunk(believed(summed_up(judged, self._ready)), self._ready)
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
        if finding.label in ("praise", "chat") and finding.share >= 700:
            return Judged(finding, "empty", finding.label, f"reads as {finding.label}")
        if one.claim.level == 0:
            return self._no_claim(finding)
        if _NIT.search(open_up(one.text)):
            return Judged(finding, "style", "style", "a name that is not used changes nothing")
        if one.claim.level == 1000 and self._sounds_content(finding):
            return Judged(finding, "empty", "content", "reads as if nothing were wrong")
        return None

    def _sounds_content(self, finding: Finding) -> bool:
        """Tell whether a statement finds nothing wrong, though it holds no word of denial."""
        leaning = finding.opinion.flags.get("asserts", 0)
        if finding.said.likeness >= KEY_LIKE:
            return False
        return leaning < CONTENT or (leaning < 0 and not sounds_bad(finding.draft.text))

    def _no_claim(self, finding: Finding) -> Judged:
        stance = finding.draft.claim.stance
        if stance == "keywords" and finding.label == "style" and finding.share >= SURE:
            return Judged(finding, "style", "style", "reads as style")
        if stance == "keywords" and finding.label == "maintainability" and finding.share >= SURE:
            return Judged(finding, "valid-unlisted", "terse", "a terse remark on structure")
        if stance == "keywords":
            return Judged(finding, "generic", "keywords", "words without a statement")
        told = {
            "denies": "says that nothing is wrong here",
            "hedges": "does not say whether anything is wrong",
            "unsays": "takes back in the end what it says",
        }.get(stance, "says nothing about the code")
        return Judged(finding, "empty", stance, told)

    def _said_before(self, i: int) -> int | None:
        """Return the first finding of an equal text within two lines of this one, if any."""
        here = self._findings[i].draft
        for j in range(i - 1, -1, -1):
            there = self._findings[j].draft
            if there.text != here.text or not here.text.strip(" .,;:!?-"):
                return None
            a, b = here.spot.lines, there.spot.lines
            if (a is None and b is None) or (a and b and distance(a, b) <= 2):
                return next((one for one, copies in self._copies.items() if j in copies), j)
        return None

    def _stand_ins(self, free: Sequence[int], judged: dict[int, Judged]) -> list[int]:
        """Return copies of findings that are denied at their own places and not at the copies'.

        They are taken out of the duplicates: saying a thing twice costs nothing.
        """
        found = []
        for i in free:
            if any((i, pair.item) in self._against for pair in self._pairs[i]):
                copies = (c for c in self._copies.get(i, ()) if self._stands(c, judged))
                found += [*islice(copies, 1)]
        for copy in found:
            del judged[copy]
        return found

    def _stands(self, i: int, judged: dict[int, Judged]) -> bool:
        """Tell whether a finding may take an item and nothing speaks against it."""
        self._pairs[i] = hold(self._findings[i], self._ready)
        self._note_against([i], judged)
        takes = any(p.takes and (i, p.item) not in self._against for p in self._pairs[i])
        return takes and on_decoy(self._findings[i], self._pairs[i], self._ready) is None

    def _note_against(self, free: Sequence[int], judged: dict[int, Judged]) -> None:
        """Note which finding may not take which item, as another remark says otherwise."""
        if not any(f.draft.claim.stance == "denies" or f.draft.takes_back for f in self._findings):
            return
        for i in free:
            for pair in self._pairs[i]:
                if pair.takes or is_near_miss(pair, self._ready):
                    found = spoken_against(
                        self._findings[i], pair.item, self._findings, judged, self._ready
                    )
                    if found is not None:
                        self._against[i, pair.item] = found

    def _credit(self, free: Sequence[int]) -> dict[int, Judged]:
        """Let findings take items, the best in total; near misses after the hits."""
        gains = [[0] * len(self._ready.items) for _ in free]
        pairs: dict[tuple[int, int], Pair] = {}
        for row, i in enumerate(free):
            best = max((p.points for p in self._pairs[i] if p.takes), default=None)
            finding = self._findings[i]
            style = finding.label == "style" and finding.share >= SURE
            for pair in self._pairs[i]:
                pairs[row, pair.item] = pair
                if (i, pair.item) in self._against:
                    continue
                if best is not None and pair.takes and pair.points >= best - LEAD:
                    gains[row][pair.item] = 30_000 + max(-9_000, pair.points)
                elif best is None and not style and is_near_miss(pair, self._ready):
                    gains[row][pair.item] = 1_500 + max(-1_400, pair.points // 10)
        return {
            free[row]: self._judge_pair(free[row], pairs[row, item]) for row, item in assign(gains)
        }

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
            return found._replace(rule="other-mechanism", reason=why, credit=WRONG_REASON)
        if not pair.takes:
            return found
        if _ODD_REASON.search(finding.draft.text.lower()) and (
            pair.fit.lead < 0 or finding.label == "style"
        ):
            why = "the right place and category with a reason that is not the reason"
            return found._replace(rule="odd-reason", reason=why, credit=WRONG_REASON)
        if _is_wide(finding):
            why = "speaks of many kinds of trouble at once, this one among them"
            return found._replace(rule="wide", reason=why, credit=WRONG_REASON)
        if finding.draft.claim.level < 1000 and not _tells(finding):
            why = "asks whether it is so and does not say so"
            return found._replace(rule="bare-question", reason=why, credit=QUESTION)
        why = f"says the claim {_where(pair.reach)}"
        if (pair.reach.lines or 0) > CLOSE and not pair.reach.head:
            return found._replace(rule="beside", reason=why, credit=QUESTION)
        return found._replace(verdict="hit", rule="hit", reason=why, credit=1000)

    def _left_over(self, i: int, judged: dict[int, Judged]) -> Judged:
        """Judge a finding that took no item."""
        finding = self._findings[i]
        pairs = self._pairs[i]
        against = next(
            (self._against[i, p.item] for p in pairs if (i, p.item) in self._against), None
        )
        if against is not None:
            return Judged(finding, "empty", against.rule, against.reason, alert=against.alert)
        taken = {j.item for j in judged.values() if j.item is not None}
        again = next((p for p in pairs if p.takes and p.item in taken), None)
        if again is not None:
            return Judged(
                finding, "duplicate", "said-again", "another remark already says this",
                again.item, fit=again.fit, reach=again.reach,
            )  # fmt: skip
        if finding.opinion.label("style") >= HALF_STYLE:
            return Judged(finding, "style", "style", "reads as style")
        for label in ("style", "generic"):
            if finding.label == label and finding.share >= SURE:
                return Judged(finding, _as_verdict(label), label, f"reads as {label}")
        if finding.label in ("praise", "chat", "question", "off-topic"):
            return Judged(finding, "empty", finding.label, f"reads as {finding.label}")
        close = next((p for p in pairs if in_grey(p)), None)
        if close is not None:
            return Judged(
                finding, "undecided", "grey-band", "close to a flaw of the key; a person decides",
                fit=close.fit, reach=close.reach, runner_up=self._ready.items[close.item].item.id,
            )  # fmt: skip
        if finding.label in ("style", "generic"):
            return Judged(finding, _as_verdict(finding.label), finding.label, "no claim of its own")
        if any(p.item in taken and p.fit.points >= FAR for p in pairs):
            return Judged(finding, "duplicate", "said-again-far", "said elsewhere at its place")
        return self._unlisted(finding)

    def _unlisted(self, finding: Finding) -> Judged:
        if finding.label not in CATEGORIES or finding.share < 250:
            return Judged(finding, "undecided", "unclear", "what is claimed is not clear")
        if finding.draft.spot.lines is None and not is_specific(finding):
            return Judged(finding, "generic", "general", "a general remark without a consequence")
        why = f"a claim of {finding.label} that the key does not hold"
        return Judged(finding, "valid-unlisted", "unlisted", why)


def _is_wide(finding: Finding) -> bool:
    """Tell whether a remark names many kinds of trouble and is mainly about none of them."""
    if breadth(finding) < SPRAWLING or finding.share >= RELATED or finding.draft.itemised:
        return False
    return finding.said.likeness < KEY_LIKE and finding.kind is None


def _tells(finding: Finding) -> bool:
    """Tell whether a question names its flaw so that it says it is there."""
    least = TELLS if sounds_bad(finding.draft.text) else SURELY_TELLS
    return bool(finding.kind) and finding.opinion.flags.get("asserts", 0) >= least


def _as_verdict(label: str) -> CommentVerdict:
    return "style" if label == "style" else "generic"


def _where(how: Reach) -> str:
    if how.lines is None:
        return "of what is missing from the whole file"
    return "at its place" if how.lines <= 2 else f"{how.lines} lines from its place"
