"""What a scenario folder says about itself (``scenario.toml``)."""

from typing import Literal

from grader.records.base import Record


class Scenario(Record):
    """One clean program with its data maker.

    ``rows`` is the full size of its data; ``sample_rows`` is what an exercise ships.
    ``notebook_first``: the program is the export of a notebook, with a marker above each cell.
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
    notebook_first: bool = False
