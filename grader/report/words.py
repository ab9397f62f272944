"""How verdicts, bands, flags and states are called on the page, and what they mean."""

from typing import NamedTuple

from grader.records.score import Band
from grader.records.verdict import CommentVerdict
from grader.report.program import State


class Words(NamedTuple):
    """A short name and one sentence that explains it."""

    name: str
    meaning: str


VERDICT_WORDS: dict[CommentVerdict, Words] = {
    "hit": Words("Hit", "The right claim at an acceptable place: it earns a keyed flaw."),
    "near-miss": Words("Near miss", "Right claim far from its place, or a weak claim at it."),
    "duplicate": Words("Said again", "Repeats what another comment earned: it changes nothing."),
    "contradicted": Words("Contradicted", "Takes sound code for a flaw: it costs judgement."),
    "style": Words("Style", "About naming, formatting or taste: neutral within the budget."),
    "generic": Words("Generic", "Would fit any project unchanged: a small cost."),
    "valid-unlisted": Words("Not in the key", "Plausible and specific: a person reads it."),
    "undecided": Words("Undecided", "The grader does not decide: a person reads it."),
    "empty": Words("No claim", "Praise, a greeting or nothing: it changes nothing."),
}

BAND_WORDS: dict[Band, Words] = {
    "strong": Words("Strong", "Even the low end of the interval is a strong review."),
    "solid": Words("Solid", "Finds and explains much of what matters."),
    "mixed": Words("Mixed", "Finds some of what matters."),
    "not shown": Words(
        "Not shown", "The review does not show the skill, which is no proof of lack."
    ),
    "needs human": Words("Needs a person", "Open comments could change the band."),
}

FLAG_WORDS: dict[str, str] = {
    "identifies-leakage": "Identifies leakage",
    "spots-train-serve-mismatch": "Spots train/serve mismatch",
    "suggests-testing-strategy": "Suggests a testing strategy",
    "thinks-reproducibly": "Thinks reproducibly",
    "suggests-refactoring": "Suggests refactoring",
    "misses-statistical-errors": "Misses statistical errors",
    "style-only": "Style only",
    "does-not-explain": "Does not explain",
    "shotgun": "Shotgun",
}

STATE_WORDS: dict[State, str] = {
    "found": "Found",
    "partly": "Partly",
    "missed": "Missed",
    "decoy": "Left alone",
    "hit-decoy": "Taken for a flaw",
}
