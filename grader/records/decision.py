"""What a person decided about one comment, as it is appended to the file of decisions."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from grader.records.base import ExerciseId, Record, Sha256
from grader.records.verdict import CommentVerdict, JudgedComment

Decidable = Literal[
    "hit", "near-miss", "duplicate", "contradicted", "style", "generic", "valid-unlisted", "empty"
]
_CREDITS = ("hit", "near-miss")


class Ruling(Record):
    """The decision itself: what the comment is, and which items (or which decoy) it is about.

    ``items`` are the key items that a hit or near miss is credited for; of a contradicted comment
    the decoy, if it is one.

    Raises:
        ValueError: if a credit names no item, or another verdict names one.
    """

    verdict: Decidable
    items: tuple[str, ...] = ()
    says_why: bool = False
    says_fix: bool = False

    @model_validator(mode="after")
    def _agrees(self) -> "Ruling":
        if self.verdict in _CREDITS and not self.items:
            raise ValueError(f"a {self.verdict} names the item that it is credited for")
        if self.items and self.verdict not in (*_CREDITS, "contradicted"):
            raise ValueError(f"a comment that is {self.verdict} is credited for no item")
        return self


class Decision(Record):
    """A ruling with who made it, when, why, and on what.

    ``was`` is the verdict before; ``like`` the number of the decision that this one repeats;
    ``previous`` the SHA-256 of the line before in the file, so no line can be changed unseen.
    """

    format_version: Literal[1] = 1
    number: Annotated[int, Field(ge=1)]
    when: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    who: Annotated[str, Field(min_length=1, max_length=200)]
    why: Annotated[str, Field(min_length=1, max_length=2_000)]
    exercise: ExerciseId
    candidate: str
    submission_sha256: Sha256
    comment: Annotated[int, Field(ge=0)]
    was: CommentVerdict
    ruling: Ruling
    like: int | None = None
    previous: Sha256


def is_open(comment: JudgedComment) -> bool:
    """Tell whether a person still has to look at a comment."""
    return comment.decided is None and comment.verdict in ("undecided", "valid-unlisted")
