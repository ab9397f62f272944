"""An exercise to cheat at: its key, good texts for its flaws, and the score of a review."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

from grader.files import sha256
from grader.keyring import LoadedKey
from grader.marking import mark
from grader.match.corpus import Remark
from grader.match.match import match_all
from grader.match.model import load_model
from grader.records.key import KeyItem
from grader.records.score import Result
from grader.records.submission import Comment, Submission
from grader.score.rubric import load_rubric

Review = list[Comment]
_CODE = re.compile(r"`?[\w.]+ = [\w.]+\([^ ]*\)`?")


@dataclass(frozen=True)
class Scored:
    """What a review was given: points of 100, and the credit of each flaw in thousandths."""

    points: float
    found: float
    credit: dict[str, int]
    verdicts: tuple[str, ...]
    alerts: tuple[str, ...]

    @property
    def best(self) -> int:
        """The highest credit of any flaw, in thousandths."""
        return max(self.credit.values(), default=0)


@dataclass(frozen=True)
class Desk:
    """One exercise with everything that an attack or its twin may be made of."""

    key: LoadedKey
    remarks: Sequence[Remark]
    seed: int

    @cached_property
    def random(self) -> Random:
        """Choices of this exercise, the same on every run."""
        return Random(f"{self.key.key.exercise}/{self.seed}")

    @property
    def items(self) -> tuple[KeyItem, ...]:
        """The flaws of the key."""
        return self.key.key.items

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the program."""
        return self.key.key.program.split("\n")

    @cached_property
    def honest(self) -> Review:
        """One good comment on every flaw: what is wrong, why, and what to do."""
        return [at(i, f"{i.said_well[0]} {i.harm} {i.fix}") for i in self.items]

    def texts(self, item: KeyItem) -> list[str]:
        """Return how others say this kind of flaw; how the key says it, if nobody did.

        Who writes nothing but a line of code says nothing, and is no twin of who says something.
        """
        said = [
            r.text
            for r in self.remarks
            if r.kind == item.kind and r.asserts and not _CODE.fullmatch(r.text.strip())
        ]
        return said or list(item.said_well)

    def about(self, category: str, count: int) -> list[str]:
        """Return remarks of a category of the corpus."""
        said = [r.text for r in self.remarks if r.category == category]
        return self.random.sample(said, min(count, len(said)))

    def far_from(self, item: KeyItem) -> list[int]:
        """Return the lines that are 30 or more lines from every place of a flaw."""
        spans = [place.lines for place in item.places]
        return [
            n
            for n in range(1, len(self.lines) + 1)
            if all(n < span.start - 30 or n > span.end + 30 for span in spans)
        ]

    @cached_property
    def plain_lines(self) -> list[int]:
        """The lines that belong to no flaw and no decoy, nor stand next to one."""
        owners = (*self.key.key.items, *self.key.key.decoys)
        spans = [place.lines for owner in owners for place in owner.places]
        return [
            n
            for n in range(1, len(self.lines) + 1)
            if all(n < span.start - 3 or n > span.end + 3 for span in spans)
        ]

    def without(self, item: KeyItem, *instead: Comment) -> Review:
        """Return the honest review with one comment taken out and others in its place."""
        kept = [c for c, i in zip(self.honest, self.items, strict=True) if i.id != item.id]
        return [*kept, *instead]


def at(item: KeyItem, text: str, shift: int = 0) -> Comment:
    """Return a comment at the main place of a flaw."""
    return on(item.places[0].lines.start + shift, text)


def on(line: int, text: str, end: int | None = None) -> Comment:
    """Return a comment on a line."""
    return Comment(text=text, file="program.py", line=max(1, line), end_line=end)


def general(text: str) -> Comment:
    """Return a comment on the whole file."""
    return Comment(text=text, file="program.py")


def scored(pairs: Sequence[tuple[LoadedKey, Review]]) -> list[Scored]:
    """Return what reviews are given, each for its own exercise."""
    made = [(key, _submission(key, review)) for key, review in pairs]
    judged = match_all([(key.key, submission) for key, submission in made], load_model())
    rubric = load_rubric(None)
    return [
        _told(mark("cheat", submission, key, verdicts, rubric, {}))
        for (key, submission), verdicts in zip(made, judged, strict=True)
    ]


def _submission(key: LoadedKey, review: Review) -> Submission:
    return Submission(
        exercise=key.key.exercise, candidate="cheat", format="json", sha256=sha256(b"cheat"),
        comments=tuple(review),
    )  # fmt: skip


def _told(result: Result) -> Scored:
    assert result.score is not None
    assert result.verdicts is not None
    return Scored(
        result.score.score / 1000,
        (result.score.detection + result.score.judgement) / 1000,
        {item.item: item.credit for item in result.verdicts.items},
        tuple(comment.verdict for comment in result.verdicts.comments),
        result.verdicts.alerts,
    )
