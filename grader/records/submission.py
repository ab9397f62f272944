"""A candidate's review as it was read, whatever the format it came in."""

from typing import Literal

from grader.records.base import LineNumber, Record, Sha256

Format = Literal[
    "json", "csv", "markdown", "python", "notebook", "github", "gitlab", "vscode", "rdjson"
]
Area = Literal[
    "statistics & evaluation",
    "data",
    "reproducibility",
    "robustness",
    "serving",
    "maintainability",
    "style",
    "other",
]


class Comment(Record):
    """One remark.

    ``file`` is the published file it points at, None for a general remark. ``cell`` counts
    notebook cells from 1; with a cell, lines count within the cell. ``line`` None means the whole
    file (or cell). ``source`` says where in the submission it stood, for messages.
    """

    text: str
    file: str | None = None
    cell: LineNumber | None = None
    line: LineNumber | None = None
    end_line: LineNumber | None = None
    category: str | None = None
    area: str | None = None
    severity: str | None = None
    source: str = ""


class Notice(Record):
    """Something in the submission that was understood only in part, told to the candidate."""

    source: str
    message: str


class Submission(Record):
    """All remarks of one candidate on one exercise, in the order in which they were written."""

    format_version: Literal[1] = 1
    exercise: str
    candidate: str
    format: Format
    sha256: Sha256
    comments: tuple[Comment, ...]
    notices: tuple[Notice, ...] = ()
