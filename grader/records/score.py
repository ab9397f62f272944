"""The stage-3 score of one submission, with everything that led to it."""

from typing import Literal

from grader.records.base import Milli, Record, Sha256
from grader.records.key import KeyDecoy, KeyItem
from grader.records.submission import Notice, Submission
from grader.records.verdict import Verdicts

Band = Literal["strong", "solid", "mixed", "not shown", "needs human"]


class Flag(Record):
    """A green or red flag with the comments (by index) that raised it."""

    name: str
    colour: Literal["green", "red"]
    raised: bool
    comments: tuple[int, ...] = ()
    reason: str


class SubScore(Record):
    """One thing the framework looks for; ``points`` of ``of`` thousandths, None if not keyed."""

    name: str
    points: int | None
    of: int


class Interval(Record):
    """Where the score may lie, in thousandths of a point; ``because`` names each part."""

    low: Milli
    high: Milli
    because: tuple[str, ...]


class ScoreVersions(Record):
    """Everything that the score depends on; ``decisions_sha256`` where a person ruled on it."""

    grader: str
    key_version: int
    key_sha256: Sha256
    exercise_sha256: Sha256
    submission_sha256: Sha256
    rubric: str
    rubric_sha256: Sha256
    model: str
    decisions_sha256: Sha256 | None = None


class Score(Record):
    """The score of one submission: 100 points are 100000 thousandths."""

    format_version: Literal[1] = 1
    exercise: str
    candidate: str
    score: Milli
    detection: Milli
    explanation: Milli
    judgement: Milli
    interval: Interval
    band: Band
    band_reason: str
    dealbreaker: bool
    flags: tuple[Flag, ...]
    subscores: tuple[SubScore, ...]
    arithmetic: tuple[str, ...]
    versions: ScoreVersions


class Result(Record):
    """What is stored for one submission: a score with its verdicts, or the error it met.

    ``submission`` is the review as it was read, so that it can be scored again without its file.
    ``duplicate_of`` is the source of an earlier submission of the same candidate on the same
    exercise: both are scored, the earlier one counts.
    """

    format_version: Literal[1] = 1
    source: str
    status: Literal["scored", "error"]
    error: str | None = None
    exercise: str | None = None
    candidate: str | None = None
    score: Score | None = None
    verdicts: Verdicts | None = None
    submission: Submission | None = None
    notices: tuple[Notice, ...] = ()
    duplicate_of: str | None = None


class Form(Record):
    """What a report needs of an exercise and its key, stored beside the results."""

    format_version: Literal[1] = 1
    exercise: str
    title: str
    scenario: str
    level: str
    program: str
    items: tuple[KeyItem, ...]
    decoys: tuple[KeyDecoy, ...]
