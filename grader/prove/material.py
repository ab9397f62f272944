"""The data on which a program is proved: tidy tables, and the same tables with one thing changed.

A tidy table has no repeated rows and is in time order, so a row's number in the file is its label
in the program's index, and rows can be followed from the file to the model.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from grader.records.scenario import Scenario
from grader.stream import Stream

Maker = Callable[[int, int], pd.DataFrame]
NO_CATEGORY = "a value never seen"
LARGE = 0.3


@dataclass(frozen=True)
class Material:
    """What a trial of one program needs: its scenario's facts, maker, and files beside it."""

    facts: Scenario
    make: Maker
    stream: Stream
    beside: Mapping[str, bytes] = field(default_factory=dict)

    def table(self, label: str, rows: int | None = None) -> pd.DataFrame:
        """Return a tidy table of its own seed: no repeats, in time order, numbered from 0.

        Of a single series the longest stretch without an absent moment is taken: a program may
        lay it on a full grid of moments, which numbers the rows anew.
        """
        facts = self.facts
        wanted = rows or facts.sample_rows
        named = facts.id_column is not None or facts.key_columns
        single = facts.time_column is not None and not named
        frame = self.raw(label, wanted * 3 // 2 if single else wanted).drop_duplicates()
        if facts.time_column:
            frame = frame.sort_values(facts.time_column, kind="stable")
        if single and facts.time_column:
            frame = _longest_stretch(frame, facts.time_column).head(wanted)
        return frame.reset_index(drop=True)

    def raw(self, label: str, rows: int | None = None) -> pd.DataFrame:
        """Return a table as the maker gives it, repeats included."""
        return self.make(self.stream.child(label).below(2**31), rows or self.facts.sample_rows)

    @property
    def fixed(self) -> list[str]:
        """Return the columns that say which row it is, and the target."""
        facts = self.facts
        single = (facts.id_column, facts.time_column, facts.group_column, facts.target)
        return [name for name in (*facts.key_columns, *single) if name]

    def features(self, frame: pd.DataFrame) -> list[str]:
        """Return the columns that may change without making it another row."""
        late = set(self.facts.late_columns)
        return [c for c in frame.columns if c not in self.fixed and c not in late]

    def with_other_features(
        self, frame: pd.DataFrame, rows: np.ndarray, label: str
    ) -> pd.DataFrame:
        """Return the table with the features of some rows exchanged for those of fresh rows.

        The fresh rows have large numbers, so that even a median over all rows moves.
        """
        fresh = self.table(f"{label}/fresh")
        names = self.features(frame)
        ranks = fresh[number_columns(self, fresh)].rank(pct=True).mean(axis=1)
        large = fresh[ranks >= ranks.quantile(1 - LARGE)]
        picked = large.iloc[self._numbers(label, len(rows), len(large))]
        changed = frame.copy()
        for name in names:
            column = changed[name].astype(object)
            column.iloc[rows] = picked[name].to_numpy(dtype=object)
            changed[name] = column.infer_objects()
        return changed

    def with_other_labels(self, frame: pd.DataFrame, rows: np.ndarray, label: str) -> pd.DataFrame:
        """Return the table with the labels of some rows shuffled among these rows."""
        order = self.stream.child(label).shuffled(range(len(rows)))
        return self._assigned(frame, self.facts.target, rows, rows[order])

    def with_other_late(self, frame: pd.DataFrame, label: str) -> pd.DataFrame:
        """Return the table with the late columns shuffled over all rows."""
        rows = np.arange(len(frame))
        for number, name in enumerate(self.facts.late_columns):
            order = self.stream.child(f"{label}/{number}").shuffled(range(len(rows)))
            frame = self._assigned(frame, name, rows, rows[order])
        return frame

    def _assigned(
        self, frame: pd.DataFrame, name: str, to: np.ndarray, taken: np.ndarray
    ) -> pd.DataFrame:
        values = frame[name].to_numpy(copy=True)
        values[to] = frame[name].to_numpy()[taken]
        return frame.assign(**{name: values})

    def _numbers(self, label: str, count: int, below: int) -> list[int]:
        stream = self.stream.child(label)
        return [stream.below(below) for _ in range(count)]


def _longest_stretch(frame: pd.DataFrame, time: str) -> pd.DataFrame:
    """Return the longest run of rows whose times follow each other by the usual step."""
    steps = pd.to_datetime(frame[time]).diff()
    stretch = (steps != steps.median()).cumsum()
    return frame[stretch == stretch.value_counts().idxmax()]


def as_csv(frame: pd.DataFrame) -> bytes:
    """Return a table as the bytes of a CSV file."""
    return frame.to_csv(index=False, lineterminator="\n").encode()


def number_columns(material: Material, frame: pd.DataFrame) -> list[str]:
    """Return the feature columns of numbers."""
    names = material.features(frame)
    return [n for n in names if pd.api.types.is_numeric_dtype(frame[n])]


def text_columns(material: Material, frame: pd.DataFrame) -> list[str]:
    """Return the feature columns of short texts: categories."""
    names = [n for n in material.features(frame) if n not in number_columns(material, frame)]
    return [n for n in names if frame[n].nunique() <= len(frame) // 10]
