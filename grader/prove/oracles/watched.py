"""What single lines did, seen from the tables and numbers before and after them."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from grader.prove.oracles.compare import differing
from grader.prove.seen import Event, Run


class Step(NamedTuple):
    """One watched line that ran for the ``time``-th time: what was before, what after."""

    line: int
    time: int
    before: Event
    after: Event


def steps(run: Run) -> Iterator[Step]:
    """Yield the watched lines of a run, in order."""
    opened: dict[tuple[int, int], Event] = {}
    for event in run.of("watch"):
        key = (event["lines"][0], event["time"])
        if event["name"] == "before":
            opened[key] = event
        elif key in opened:
            yield Step(*key, opened.pop(key), event)


class Spread(NamedTuple):
    """What a line added: further cells that differ, and the columns in which some do.

    ``passed_on``: only tables that were made from others in which cells differed already.
    """

    cells: int
    columns: tuple[str, ...]
    passed_on: bool


def spreading(a: Run, b: Run, without: np.ndarray) -> dict[int, Spread]:
    """Return the lines after which more cells differ between two runs than before.

    Only rows that are not ``without`` count.
    """
    others = {(s.line, s.time): s for s in steps(b)}
    found: dict[int, Spread] = {}
    for step in steps(a):
        other = others.get((step.line, step.time))
        if other is None:
            continue
        before, _ = _cells(a, step.before, b, other.before, without)
        after, columns = _cells(a, step.after, b, other.after, without)
        if sum(after.values()) > sum(before.values()) and step.line not in found:
            grown = [name for name in after if after[name] > before.get(name, 0)]
            passed_on = any(before.values()) and not any(name in before for name in grown)
            more = sum(after.values()) - sum(before.values())
            found[step.line] = Spread(more, columns, passed_on)
    return found


def learning(a: Run, b: Run) -> dict[int, str]:
    """Return the lines after which a local value differs that was the same, or absent, before.

    Tables of rows are left out: `spreading` compares them row by row.
    """
    others = {(s.line, s.time): s for s in steps(b)}
    found: dict[int, str] = {}
    for step in steps(a):
        other = others.get((step.line, step.time))
        if other is None:
            continue
        for kind in ("others", "scalars"):
            old, new = step.before[kind], step.after[kind]
            old_b, new_b = other.before[kind], other.after[kind]
            for name in sorted(new.keys() & new_b.keys()):
                same_before = old.get(name) == old_b.get(name)
                if same_before and new[name] != new_b[name] and step.line not in found:
                    found[step.line] = name
    return found


def parting(a: Run, b: Run) -> tuple[int, ...]:
    """Return the lines before which two runs hold the same, and after which they do not."""
    others = {(s.line, s.time): s for s in steps(b)}
    found: dict[int, None] = {}
    for step in steps(a):
        other = others.get((step.line, step.time))
        if other is None or _held(a, step.before) != _held(b, other.before):
            continue
        if _held(a, step.after) != _held(b, other.after):
            found[step.line] = None
    return tuple(found)


def _held(run: Run, event: Event) -> object:
    """Return everything that stood in the local names, tables by their content."""
    tables = {}
    for name, number in event["tables"].items():
        table = run.table(number)
        if table is not None:
            rows = b"" if table.rows is None else table.rows.tobytes()
            tables[name] = (table.columns, table.cells.tobytes(), rows)
    return tables, event["scalars"], event["others"]


def _cells(
    a: Run, in_a: Event, b: Run, in_b: Event, without: np.ndarray
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return how many cells of each local table differ, and the columns in which some do."""
    total: dict[str, int] = {}
    columns: list[str] = []
    for name in sorted(in_a["tables"].keys() & in_b["tables"].keys()):
        found = differing(a.table(in_a["tables"][name]), b.table(in_b["tables"][name]), without)
        total[name] = found.cells
        columns += [c for c in found.columns if c not in columns]
    return total, tuple(columns)
