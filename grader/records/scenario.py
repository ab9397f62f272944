"""What a scenario folder says about itself (``scenario.toml``)."""

from typing import Literal

from grader.records.base import Record


class Scenario(Record):
    """One clean program with its data maker.

    Args:
        rows: the full size of its data.
        sample_rows: how many rows an exercise ships.
        metric: the headline figure of the training report.
        time_column: when a row was; the sound program then cuts in time where ``split`` says so.
        id_column: one value a row.
        group_column: whose rows they are, where an entity has several.
        late_columns: known only after the outcome, so never a feature.
        baseline: keys of the training report that hold figures of a trivial model.
        split: how the sound program parts its rows.
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
    id_column: str | None = None
    group_column: str | None = None
    late_columns: tuple[str, ...] = ()
    baseline: tuple[str, ...] = ()
    split: Literal["random", "time", "group"] = "random"
