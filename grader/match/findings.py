"""A submission read into findings: what each says, where, and whether it asserts anything."""

from typing import NamedTuple

from grader.match.claim import UNSAID, Claim, judge, takes_back, unsays, withdraws
from grader.match.language import is_foreign
from grader.match.meaning import Said
from grader.match.model import Opinion
from grader.match.normalise import Plain, make_plain
from grader.match.place import Spot
from grader.match.prepare import Ready
from grader.match.segment import sentences, units
from grader.match.stuffing import bare, without_embedded
from grader.match.words import open_up, tokens
from grader.records.submission import Comment, Submission
from seeded_bugs.words import CATEGORIES


class Draft(NamedTuple):
    """One finding before the text model has read it."""

    comment: int
    unit: int
    of: int
    text: str
    whole: str
    itemised: bool
    claim: Claim
    spot: Spot
    foreign: bool
    corrects: bool
    takes_back: bool
    plain: Plain
    steers: bool


class Finding(NamedTuple):
    """One finding: its draft, what the model says of it, and its likeliest label.

    ``pasted``: it is one of many general claims that run through the categories.
    """

    draft: Draft
    opinion: Opinion
    said: Said
    label: str
    share: int
    pasted: bool = False

    @property
    def kind(self) -> str | None:
        """Return the kind of flaw that the finding names for certain."""
        share, name = self.said.kind
        return name if share > _CERTAIN and self.label in CATEGORIES else None

    @property
    def order(self) -> tuple[object, ...]:
        """Return what findings are sorted by: what is said and where, the index last."""
        lines = self.draft.spot.lines
        return (
            self.draft.text,
            lines is None,
            lines or (0, 0),
            self.draft.spot.words,
            self.said.labels,
            self.draft.comment,
            self.draft.unit,
        )


WIDE, SPRAWLING = 4, 6  # categories from which a remark is about nothing in particular
PASTED, PASTED_CATEGORIES = 6, 4  # general claims, and categories, that are a pasted list
KEY_LIKE = 600  # likeness to a text of the key that speaks for a claim, in thousandths
_CERTAIN = -700  # log share of a kind that is named for certain (one half)


def draft(submission: Submission, ready: Ready) -> list[Draft]:
    """Return the findings of a submission, in the order in which they were written."""
    drafts: list[Draft] = []
    for index, comment in enumerate(submission.comments):
        drafts.extend(_draft(index, comment, ready))
    return drafts


def _draft(index: int, comment: Comment, ready: Ready) -> list[Draft]:
    plain = make_plain(comment.text, ready.program)
    spot = ready.layout.spot(comment)
    found: list[Draft] = []
    corrects = withdraws(plain.claim)
    unsaid = not corrects and unsays(plain.claim)
    claim_text, cut = without_embedded(plain.claim)
    parts, steers = bare(units(claim_text))
    texts = [unit.text for unit in parts]
    whole = texts[0] if len(texts) == 1 else " ".join(texts)
    foreign = is_foreign(whole, tokens(open_up(whole)))
    for number, (unit, text) in enumerate(zip(parts, texts, strict=True)):
        claim = UNSAID if unsaid else judge(unit.sentences)
        explained = text if unit.itemised else whole
        found.append(
            Draft(
                comment=index, unit=number, of=len(parts), text=text, whole=explained,
                itemised=unit.itemised, claim=claim, spot=spot, foreign=foreign,
                corrects=corrects, takes_back=corrects and takes_back(plain.claim),
                plain=plain, steers=steers or cut,
            )
        )  # fmt: skip
    return found


def mark_pasted(found: list[Finding]) -> list[Finding]:
    """Return the findings, general claims marked if they are a list of everything."""
    general = {
        i for i, f in enumerate(found) if f.draft.spot.lines is None and f.label in CATEGORIES
    }
    if len(general) < PASTED or len({found[i].label for i in general}) < PASTED_CATEGORIES:
        return found
    return [f._replace(pasted=True) if i in general else f for i, f in enumerate(found)]


def categories(finding: Finding) -> set[str]:
    """Return the categories of flaw that a remark speaks of in known words."""
    found = finding.opinion.reading.labels.items()
    return {name for name, weight in found if weight >= 5 and name in CATEGORIES}


def breadth(finding: Finding) -> int:
    """Return how many categories of flaw a remark speaks of in known words."""
    return len(categories(finding))


def sprawls(finding: Finding) -> bool:
    """Tell whether one unlisted remark runs through six or more categories of flaw.

    A long argument about one flaw names its neighbours too, but most of its sentences are about
    one category, or it reads like what the key says of one flaw.
    """
    if finding.said.likeness >= KEY_LIKE:
        return False
    if breadth(finding) < SPRAWLING or finding.draft.itemised:
        return False
    parts = sentences(finding.draft.text)
    if len(parts) < 4:
        commas = finding.draft.text.count(",") + finding.draft.text.count("/")
        return commas >= 3 and finding.share < 500
    return finding.share < 400
