"""What the matcher decided about each comment and each key item, and why."""

from typing import Literal

from grader.records.base import Lines, Record
from seeded_bugs.words import Category, Severity

CommentVerdict = Literal[
    "hit",
    "near-miss",
    "duplicate",
    "contradicted",
    "style",
    "generic",
    "valid-unlisted",
    "undecided",
    "empty",
]


class Evidence(Record):
    """Why a comment got its verdict, in words and figures that a person can check.

    ``rule`` names the rule that decided. ``margin`` is the lead over the runner-up in thousandths
    of the entry score; ``distance`` is in lines, None without a place.
    """

    rule: str
    reason: str
    category: str | None = None
    category_share: int = 0
    phrases: tuple[str, ...] = ()
    similarity: int = 0
    distance: int | None = None
    runner_up: str | None = None
    margin: int = 0


class JudgedComment(Record):
    """One comment with its verdict. ``item`` is a key item's or a decoy's id.

    ``also`` names further items that the comment was credited for, and further decoys that it
    takes for flaws. ``decided`` is the number of the decision by which a person ruled on it.
    """

    index: int
    text: str
    lines: Lines | None
    place: str
    verdict: CommentVerdict
    item: str | None = None
    also: tuple[str, ...] = ()
    says_why: bool = False
    says_fix: bool = False
    notes: tuple[str, ...] = ()
    evidence: Evidence
    decided: int | None = None


class JudgedItem(Record):
    """One key item with its credit in thousandths (hit 1000, near miss at most 500)."""

    item: str
    kind: str
    category: Category
    severity: Severity
    title: str
    credit: int
    says_why: bool = False
    says_fix: bool = False
    comment: int | None = None
    reason: str


class Verdicts(Record):
    """The matcher's whole answer for one submission. Comments stand in submission order."""

    exercise: str
    candidate: str
    model: str
    comments: tuple[JudgedComment, ...]
    items: tuple[JudgedItem, ...]
    decoys: int
    alerts: tuple[str, ...] = ()
