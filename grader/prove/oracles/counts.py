"""Row count: rows that go missing without a word, and repeats that a line should have dropped."""

import re
from collections.abc import Iterator

import numpy as np

from grader.prove.finding import Finding, Oracle
from grader.prove.groups import SHORT
from grader.prove.oracles.held import learnt_rows, rows_left_out
from grader.prove.oracles.watched import steps
from grader.prove.rows import LEARNING, labels_of, metric_events, scored
from grader.prove.seen import Run
from grader.prove.trial import Trial


def find(trial: Trial) -> list[Finding]:
    """Return what is lost in silence and what is kept by mistake, beside the clean twin."""
    left_out = rows_left_out(trial, tuple(_shrinking(trial.base)))
    return [*_lost(trial), *_kept(trial), *left_out, *_fixed(trial), *_unserved(trial)]


def _lost(trial: Trial) -> Iterator[Finding]:
    here, there = used_rows(trial.base), used_rows(trial.twin.base)
    lost = there - here
    if not here or lost <= 0:
        return
    said = {int(n) for n in re.findall(r"(?<![\w.])\d+(?![\w.])", trial.base.log)}
    if lost not in said:
        yield Finding(
            "rows-lost",
            tuple(_shrinking(trial.base)),
            f"{here} rows reach training and test, {there} in the clean program; the log does not "
            f"say that {lost} are lost",
        )


def _kept(trial: Trial) -> Iterator[Finding]:
    run, twin = trial.run("as-is/train"), trial.twin.run("as-is/train")
    here, there = used_rows(run), used_rows(twin)
    if run.sound and twin.sound and here > there:
        yield Finding(
            "repeats-kept",
            (),
            f"{here} rows are used where the clean program uses {there}: {here - there} repeated "
            "rows stay",
        )


def _fixed(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if the model learns from as many rows of a shorter file."""
    here, there = (_learnt_of(t) for t in (trial, trial.twin))
    if here[0] and here[0] == here[1] and there[1] and there[0] != there[1]:
        whole, part = len(trial.table), int(SHORT * len(trial.table))
        yield Finding(
            "fixed-cut",
            (),
            f"of files of {whole} and of {part} rows the model learns from {here[0]} alike; in the "
            f"clean program from {there[0]} and {there[1]}",
        )


def _learnt_of(trial: Trial) -> tuple[int, int]:
    """Return how many rows are learnt from, of the whole table and of its first part."""
    short = trial.run("sizes/short")
    return learnt_rows(trial.base), learnt_rows(short) if short.sound else 0


def _unserved(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if rows of a long file get no prediction."""
    here, there = (t.run("sizes/many") for t in (trial, trial.twin))
    if here.sound and there.sound and len(here.served) < len(there.served):
        yield Finding(
            "unserved",
            (),
            f"of {len(there.served)} rows that the clean program serves, {len(here.served)} get a "
            "prediction, with exit code 0",
        )


def used_rows(run: Run) -> int:
    """Return how many rows a run learns from or scores, repeats of a row counted."""
    for event in run.of("split"):
        if event.get("parts", 1) == 1 and event.get("train"):
            return len(event["train"]) + len(event["test"])
    learn = [labels_of(run, e["X"]) for e in run.of(*LEARNING) if e.get("y") is not None]
    score = [scored(run, event) for event in metric_events(run)]
    found = [rows for rows in (*learn, *score) if len(rows)]
    return len(np.unique(np.concatenate(found))) if found else 0


def _shrinking(run: Run) -> Iterator[int]:
    """Yield the watched lines after which a table has fewer rows."""
    for step in steps(run):
        before, after = step.before["tables"], step.after["tables"]
        for name in before.keys() & after.keys():
            if len(run.tables[after[name]]) < len(run.tables[before[name]]):
                yield step.line
                break


ORACLE = Oracle(
    "row count",
    ("base", "as-is", "sizes"),
    find,
    "as many rows are used as in the clean program, each once",
)
