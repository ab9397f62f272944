"""The answer key: secret, and complete in itself.

It copies the catalogue text it needs and the published program, so matching, scoring and
reporting never look at the catalogue, and an old key stays gradable.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from grader.records.base import CellLines, ExerciseId, Lines, Record, Sha256
from seeded_bugs.words import Anchor, Category, Severity

Level = Literal["junior", "mid", "senior"]


class Place(Record):
    """Where a comment may point.

    ``main``: the flaw itself. ``trace``: another line that the same flaw changed.
    ``landmark``: another acceptable place, such as the split or the evaluation.
    """

    role: Literal["main", "trace", "landmark"]
    lines: Lines
    cells: tuple[CellLines, ...] = ()
    snippet: str


class Claim(Record):
    """What running the code must show, and whether it was shown.

    ``shows`` and ``also`` are the aspects of the oracle that confirm the claim, and those that
    follow from it; ``evidence`` is what was seen, in sentences that can be read out.
    """

    oracle: str
    claim: str
    shows: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    status: Literal["proved", "unproved"] = "unproved"
    evidence: str = ""


class BlueprintMark(Record):
    """Which blueprint a form was drawn from; ``sha256`` is that of its canonical form."""

    name: str
    version: str
    sha256: Sha256


class Revised(Record):
    """Which version of the key this one takes the place of, who revised it, and why."""

    sha256: Sha256
    who: str
    why: str


class Newer(Record):
    """A record whose newer fields are left out while they are unknown.

    So a key that was made before a field came keeps its bytes and its hash.
    """

    @model_serializer(mode="wrap")
    def _without_unknown(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        newer = ("apart", "blueprint", "revises")
        values: dict[str, Any] = handler(self)
        return {k: v for k, v in values.items() if k not in newer or v is not None}


class KeyItem(Newer):
    """One flaw of the program.

    ``apart``: how many lines lie between the ends that show it, such as a fit and the split.
    """

    id: str
    kind: str
    kind_id: str
    category: Category
    severity: Severity
    anchor: Anchor
    title: str
    places: tuple[Place, ...]
    wrong: str
    harm: str
    fix: str
    said_well: tuple[str, ...]
    near_misses: tuple[str, ...]
    identifiers: tuple[str, ...]
    proof: Claim
    apart: Annotated[int, Field(ge=0)] | None = None


class KeyDecoy(Record):
    """One piece of sound code that looks wrong."""

    id: str
    kind: str
    kind_id: str
    looks_like: Category
    title: str
    places: tuple[Place, ...]
    sound_because: str
    said_badly: tuple[str, ...]
    proof: Claim


class Cell(Record):
    """One notebook cell: which lines of the program its lines are; none for a cell of its own."""

    cell: int
    cell_id: str
    kind: Literal["code", "markdown"]
    lines: Lines | None


class Versions(Record):
    """What made the exercise; the same versions and secret make the same bytes."""

    grader: str
    libcst: str
    black: str
    numpy: str
    pandas: str


class AnswerKey(Newer):
    """The contents of ``KEYS/<id>.json``."""

    format_version: Literal[1] = 1
    key_version: int = 1
    exercise: ExerciseId
    title: str
    scenario: str
    level: Level
    secret: str
    secret_kind: Literal["fresh", "file", "demo"]
    versions: Versions
    exercise_sha256: Sha256
    program_sha256: Sha256
    program: str
    cells: tuple[Cell, ...]
    items: tuple[KeyItem, ...]
    decoys: tuple[KeyDecoy, ...]
    blueprint: BlueprintMark | None = None
    revises: Revised | None = None
