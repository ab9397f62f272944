"""What all stored values share: frozen, strict about unknown fields, one canonical text."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from grader.files import canonical_json

LineNumber = Annotated[int, Field(ge=1, le=1_000_000)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ExerciseId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,39}$")]
Milli = Annotated[int, Field(ge=0, le=100_000, description="thousandths of a point")]


class Record(BaseModel):
    """A frozen value. Collections are tuples; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    def canonical(self) -> bytes:
        """Return the one JSON text of this value, as it is stored."""
        return canonical_json(self.model_dump(mode="json"))


class Lines(Record):
    """Lines ``start .. end`` of the published program, numbered from 1, both included."""

    start: LineNumber
    end: LineNumber


class CellLines(Record):
    """Lines ``start .. end`` of one notebook cell; ``cell`` counts all cells from 1."""

    cell: LineNumber
    cell_id: str
    start: LineNumber
    end: LineNumber
