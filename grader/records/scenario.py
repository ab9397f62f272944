"""What a scenario folder says about itself (``scenario.toml``)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from grader.records.base import Record

RESERVED = ("exercise.json",)


def _is_free(name: str) -> str:
    if name in RESERVED:
        raise ValueError(f"{name} is written by the generator; choose another name")
    return name


ExtraFile = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]*\.(toml|json|yaml|ini)$"), AfterValidator(_is_free)
]


class Scenario(Record):
    """One clean program with its data maker.

    ``rows`` is the full size of its data; ``sample_rows`` is what an exercise ships.
    ``extra_files`` are settings that lie beside the program, in the scenario's folder and in what
    candidates receive; they are published as they are and never sown.
    """

    name: str
    title: str
    task: Literal["binary-classification", "multiclass-classification", "regression"]
    summary: str
    data_file: str
    target: str
    rows: int
    sample_rows: int
    metric: str
    positive_share: float | None = None
    time_column: str | None = None
    extra_files: tuple[ExtraFile, ...] = ()
