"""Comparing two runs of a program: events paired, cells of the same row and column compared."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from grader.prove.rows import common_rows
from grader.prove.seen import Event, Run, Table


class Difference(NamedTuple):
    """Cells that differ: how many, in how many rows, in which columns."""

    cells: int
    rows: int
    columns: tuple[str, ...]


NONE = Difference(0, 0, ())


def paired(a: Run, b: Run, *kinds: str) -> Iterator[tuple[Event, Event]]:
    """Yield the events of these kinds that stand at the same line for the same time in both."""
    left = _numbered(b, kinds)
    for key, event in _numbered(a, kinds).items():
        if key in left:
            yield event, left[key]


def _numbered(run: Run, kinds: tuple[str, ...]) -> dict[tuple[object, ...], Event]:
    found: dict[tuple[object, ...], Event] = {}
    for event in run.of(*kinds):
        where = (event["kind"], event["name"], *event["lines"][:1])
        time = 0
        while (*where, time) in found:
            time += 1
        found[(*where, time)] = event
    return found


def differing(
    a: Table | None, b: Table | None, without: np.ndarray, further_allowed: bool = False
) -> Difference:
    """Return where two tables differ in rows that both hold and that are not ``without``.

    A column that only one of them has counts as different in every row; with ``further_allowed``
    the second may have columns that the first has not.
    """
    if a is None or b is None:
        return NONE
    rows, left, right = common_rows(a, b)
    if not len(rows):
        return NONE
    kept = ~np.isin(rows, without)
    left, right = left[kept], right[kept]
    shared = [name for name in a.columns if name in b.columns]
    apart = set(a.columns) - set(b.columns) if further_allowed else set(a.columns) ^ set(b.columns)
    only = tuple(sorted(apart))
    here = np.array([a.columns.index(name) for name in shared], dtype=np.intp)
    there = np.array([b.columns.index(name) for name in shared], dtype=np.intp)
    unequal = a.cells[np.ix_(left, here)] != b.cells[np.ix_(right, there)]
    changed = tuple(name for name, any_ in zip(shared, unequal.any(axis=0), strict=True) if any_)
    rows_changed = len(left) if only else int(unequal.any(axis=1).sum())
    return Difference(int(unequal.sum()) + len(only) * len(left), rows_changed, (*changed, *only))


def said(columns: tuple[str, ...], most: int = 4) -> str:
    """Return column names for a sentence."""
    more = f" and {len(columns) - most} more" if len(columns) > most else ""
    return ", ".join(columns[:most]) + more
