"""A finding with its verdict and what led to it."""

from typing import NamedTuple

from grader.match.findings import Finding
from grader.match.meaning import Fit
from grader.match.place import Reach
from grader.records.verdict import CommentVerdict


class Judged(NamedTuple):
    """A finding with its verdict; ``credit`` in thousandths of an item."""

    finding: Finding
    verdict: CommentVerdict
    rule: str
    reason: str
    item: int | None = None
    decoy: str | None = None
    credit: int = 0
    fit: Fit | None = None
    reach: Reach | None = None
    runner_up: str | None = None
    margin: int = 0
    alert: str | None = None
