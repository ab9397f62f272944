"""What a reader of one format hands on: remarks as they were written, nothing checked yet."""

from dataclasses import dataclass


class RefusedError(Exception):
    """Reading cannot go on. Carries the faults; the caller adds the name of the file."""

    def __init__(self, *faults: str) -> None:
        self.faults = list(faults)
        super().__init__("; ".join(faults))


@dataclass(frozen=True)
class Draft:
    """One remark with its fields as text; None where the format or the writer was silent."""

    source: str
    text: str
    file: str | None = None
    cell: str | None = None
    line: str | None = None
    end_line: str | None = None
    category: str | None = None
    area: str | None = None
    severity: str | None = None


@dataclass(frozen=True)
class Told:
    """A message about one place of the submission."""

    source: str
    message: str


@dataclass(frozen=True)
class Reading:
    """All that one file says.

    ``strict``: places were written in fields of their own, so a wrong one is a fault; otherwise
    they were taken out of prose or set by a tool, and a wrong one is a notice. ``account``: the
    name at a code host of who wrote it, which need not be the name of the candidate.
    """

    drafts: tuple[Draft, ...]
    exercise: str | None = None
    candidate: str | None = None
    notices: tuple[Told, ...] = ()
    faults: tuple[str, ...] = ()
    strict: bool = False
    account: str | None = None
