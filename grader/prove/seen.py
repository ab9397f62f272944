"""What was seen of one run: exit code, output, events in order, and the tables they name."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Event = dict[str, Any]
NAN = np.array([np.nan]).view(np.uint64)[0]
ZERO = np.uint64(0)


@dataclass(frozen=True, eq=False)
class Table:
    """A table of the running program.

    Args:
        columns: names; of an array, the numbers of its columns.
        cells: rows x columns, a 64-bit hash of each cell (of a number: its bits).
        rows: the row labels, or None where they are not known. On tidy data a label is the number
            of the row in the data file.
        numbers: rows x columns as float64, or None for text and wide tables.
    """

    columns: tuple[str, ...]
    cells: npt.NDArray[np.uint64]
    rows: npt.NDArray[np.int64] | None
    numbers: npt.NDArray[np.float64] | None

    def __len__(self) -> int:
        return int(self.cells.shape[0])

    @cached_property
    def by_row(self) -> dict[int, int]:
        """Return the place of each row label; the first where a label comes twice."""
        found: dict[int, int] = {}
        for place, label in enumerate([] if self.rows is None else self.rows.tolist()):
            found.setdefault(label, place)
        return found


@dataclass(frozen=True, eq=False)
class Run:
    """One run of the program.

    Args:
        exit_code: -1 if it was stopped.
        events: dictionaries with ``kind``, ``name``, ``lines`` (innermost program line first).
        tables: what the events name by number.
        splits: what parted the rows, in order, for a replay.
        outside: absolute paths outside its folder that the program opened or made.
        written: files below its folder that it opened to write, as paths below it.
        isolated: whether it ran without network.
        predictions: the text of ``out/predictions.csv``, also of an earlier call's.
    """

    exit_code: int
    stdout: str
    stderr: str
    events: tuple[Event, ...]
    tables: tuple[Table, ...]
    splits: tuple[Any, ...]
    outside: tuple[Event, ...]
    written: tuple[str, ...]
    isolated: bool
    predictions: str

    @cached_property
    def report(self) -> dict[str, Any]:
        """Return the JSON object on the last line of stdout; empty if there is none."""
        lines = self.stdout.strip().splitlines()
        try:
            value = json.loads(lines[-1]) if lines else {}
        except json.JSONDecodeError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def sound(self) -> bool:
        """Exit code 0 and a report."""
        return self.exit_code == 0 and bool(self.report)

    @property
    def traceback(self) -> bool:
        """Tell whether the run ended in an exception that nobody caught."""
        return self.exit_code == 1 and "Traceback (most recent call last)" in self.stderr

    @cached_property
    def served(self) -> pd.DataFrame:
        """Return the written predictions; empty if there are none."""
        return pd.read_csv(io.StringIO(self.predictions)) if self.predictions else pd.DataFrame()

    @property
    def log(self) -> str:
        """Return everything the run said but for its report."""
        return "\n".join([self.stderr, *self.stdout.strip().splitlines()[:-1]])

    def of(self, *kinds: str) -> Iterator[Event]:
        """Yield the events of these kinds, in order."""
        return (event for event in self.events if event["kind"] in kinds)

    def table(self, number: int | None) -> Table | None:
        """Return a table by the number that an event holds."""
        return None if number is None else self.tables[number]
