"""Overlap: the same row, content, entity or time stands on both sides of the split."""

from collections.abc import Iterator

import numpy as np

from grader.prove.finding import Finding, Oracle
from grader.prove.oracles.folds import later_rows, shared_groups
from grader.prove.rows import (
    TRIVIAL,
    held_out,
    labels_of,
    learnt,
    metric_events,
    model_fits,
    scored,
)
from grader.prove.seen import Event, Run, Table
from grader.prove.trial import Trial

FEW_ROWS = 0.005
"""A share of equal rows that may be chance: some rows of few features are equal anyway."""


def find(trial: Trial) -> list[Finding]:
    """Return every way in which the sides of the split share something."""
    found = [*(list(_scored_learnt(trial)) or _deaf(trial)), *_contents(trial)]
    split = trial.material.facts.split
    if split == "time":
        found += [*_times(trial), *later_rows(trial)]
    if split == "group":
        found += [*_groups(trial), *shared_groups(trial)]
    return found


def _scored_learnt(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if the headline score is on rows that the model was fitted on."""
    base = trial.base
    every = [event for event in metric_events(base) if len(scored(base, event))]
    events = [event for event in every if _headline(trial, event)] or every
    fits = _fits_before(base, events[-1]) if events else []
    parts = [labels_of(base, event["X"]) for event in fits]
    seen = np.unique(np.concatenate(parts)) if parts else np.array([], dtype=np.int64)
    if not len(seen):
        return
    rows = np.unique(np.concatenate([scored(base, e) for e in events]))
    if len(np.intersect1d(rows, seen)) >= 0.99 * len(rows):
        lines = [line for event in (*fits, *events) for line in event["lines"]]
        uses = [line for e in base.of("use") if e["name"] not in TRIVIAL for line in e["lines"]]
        yield Finding(
            "scored-learnt",
            tuple(dict.fromkeys([*lines, *uses])),
            f"all {len(rows)} rows that the reported metrics are computed on are among the "
            f"{len(seen)} rows that the model is fitted on",
        )


def _deaf(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if the headline figure is not of the held-out rows, as it is in the twin."""
    name = trial.material.facts.metric
    here, there = (
        [run.report.get(name) for run in (one.base, one.run("influence/labels"))]
        for one in (trial, trial.twin)
    )
    if None not in (*here, *there) and here[0] == here[1] and there[0] != there[1]:
        yield Finding(
            "scored-learnt",
            (),
            f"with the labels of all held-out rows exchanged, {name} stays {here[0]}; in the clean "
            f"program it falls from {there[0]} to {there[1]}",
        )


def _headline(trial: Trial, event: Event) -> bool:
    """Tell whether a metric is the headline figure of the report, which is rounded."""
    told, value = trial.base.report.get(trial.material.facts.metric), event["value"]
    if not isinstance(told, int | float) or not isinstance(value, int | float):
        return False
    return any(round(abs(value), places) == abs(told) for places in (2, 3, 4, 5, 6))


def _fits_before(run: Run, event: Event) -> list[Event]:
    """Return the fits of models before an event: what is fitted later is not what is scored."""
    return [fit for fit in model_fits(run) if run.events.index(fit) < run.events.index(event)]


def _contents(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if scored rows equal training rows more often than in the clean twin."""
    run, twin = trial.run("as-is/train"), trial.twin.run("as-is/train")
    here, there = _equal_rows(run), _equal_rows(twin)
    if here is None or here[0] <= FEW_ROWS * here[1]:
        return
    clean = there[0] / there[1] if there and trial.twin is not trial else 0.0
    if here[0] / here[1] > 2 * clean + FEW_ROWS:
        yield Finding(
            "same-content",
            (),
            f"{here[0]} of {here[1]} scored rows stand in the training part as well, value by "
            f"value ({clean:.1%} in the clean program)",
        )


def _equal_rows(run: Run) -> tuple[int, int] | None:
    """Return how many of the scored rows equal a training row, and how many are scored.

    Of several predictions the last on rows that the model was not fitted on counts, as training
    rows may be scored on purpose; else the last.
    """
    fits = model_fits(run)
    asked = [e for e in run.of("use") if e["name"] not in TRIVIAL and e["method"] != "transform"]
    pairs = [
        (use, fit)
        for use in reversed(asked)
        for fit in reversed(fits)
        if _alike(run.table(use["X"]), run.table(fit["X"]))
    ]
    if not pairs:
        return None
    apart = [p for p in pairs if not _share_labels(run, *p)]
    use, fit = (apart or pairs)[0]
    known, new = run.table(fit["X"]), run.table(use["X"])
    assert known is not None
    assert new is not None
    rows = {row.tobytes() for row in known.cells}
    return sum(row.tobytes() in rows for row in new.cells), len(new)


def _share_labels(run: Run, use: Event, fit: Event) -> bool:
    return bool(np.isin(labels_of(run, use["X"]), labels_of(run, fit["X"])).any())


def _alike(a: Table | None, b: Table | None) -> bool:
    return a is not None and b is not None and a.columns == b.columns and len(a) > 0


def _times(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if a training row is newer than a held-out one."""
    base, held = trial.base, held_out(trial.base)
    name = trial.material.facts.time_column
    train = np.setdiff1d(learnt(base), held)
    if not len(held) or not len(train) or name is None:
        return
    times = trial.table[name].to_numpy()
    newest, oldest = times[train].max(), times[held].min()
    later = int((times[train] > oldest).sum())
    if newest > oldest and later > 1:
        yield Finding(
            "time",
            _split_lines(base),
            f"{later} of {len(train)} training rows are newer than the oldest held-out row: "
            f"training reaches to {newest}, the held-out part begins at {oldest}",
        )


def _groups(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if an entity has rows on both sides."""
    base, held = trial.base, held_out(trial.base)
    name = trial.material.facts.group_column
    train = np.setdiff1d(learnt(base), held)
    if not len(held) or not len(train) or name is None:
        return
    groups = trial.table[name].to_numpy()
    both = set(groups[train]) & set(groups[held])
    if both:
        yield Finding(
            "group",
            _split_lines(base),
            f"{len(both)} of {len(set(groups[held]))} held-out values of {name} also have rows in "
            "the training part",
        )


def _split_lines(run: Run) -> tuple[int, ...]:
    return tuple(line for event in run.of("split") for line in event["lines"])


ORACLE = Oracle(
    "overlap",
    ("base", "influence", "as-is"),
    find,
    "no scored row, entity or moment stands in the training part",
)
