"""What a scenario folder says about itself (``scenario.toml``, ``variants.toml``)."""

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

    Args:
        rows: the full size of its data.
        sample_rows: how many rows an exercise ships.
        metric: the headline figure of the training report.
        prediction: the served column that the headline figure judges; None if it is not known.
        judged_by: a figure of the report that is computed anew on fresh rows, where ``metric`` is
            none that can be.
        time_column: when a row was; the sound program then cuts in time where ``split`` says so.
        id_column: one value a row.
        key_columns: that together say which row it is, where no single column does.
        group_column: whose rows they are, where an entity has several.
        late_columns: known only after the outcome, so never a feature.
        baseline: keys of the training report that hold figures of a trivial model.
        split: how the sound program parts its rows.
        extra_files: settings that lie beside the program, in the scenario's folder and in what
            candidates receive; they are published as they are and never sown.
        notebook_first: the program is the export of a notebook, with a marker above each cell.
        refuses: kinds that find a place in the program, but whose harm no run shows there, and why.
            They are never sown: a key holds nothing that cannot be proved.
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
    prediction: str | None = None
    judged_by: str | None = None
    positive_share: float | None = None
    time_column: str | None = None
    id_column: str | None = None
    key_columns: tuple[str, ...] = ()
    group_column: str | None = None
    late_columns: tuple[str, ...] = ()
    baseline: tuple[str, ...] = ()
    split: Literal["random", "time", "group"] = "random"
    extra_files: tuple[ExtraFile, ...] = ()
    notebook_first: bool = False
    refuses: dict[str, str] = Field(default_factory=dict)


class Swap(Record):
    """A passage of the clean program, which stands there once, and what may stand there instead."""

    old: str
    new: str


class Choice(Record):
    """Something a scenario leaves open: the program as it stands, or one of the ``options``.

    Args:
        name: what is chosen, ``model`` or ``length of the history``.
        options: each a list of passages that change together. Every option is as sound as what
            it replaces: it trains, predicts and beats the baseline, and what comments, docstrings
            and the brief say stays true.
    """

    name: str
    options: tuple[tuple[Swap, ...], ...]


class Variants(Record):
    """The contents of ``variants.toml``: choices that are made one by one, each for itself."""

    choice: tuple[Choice, ...] = ()
