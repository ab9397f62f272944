"""Which rows a run learnt from and which it was scored on, by their numbers in the file."""

import numpy as np

from grader.prove.seen import Event, Run, Table

TRIVIAL = ("DummyClassifier", "DummyRegressor")
LEARNING = ("fit", "cross-validate")


def model_fits(run: Run) -> list[Event]:
    """Return the fits of models on features and labels, trivial ones left out."""
    return [
        event
        for event in run.of("fit")
        if event["y"] is not None and event["name"] not in TRIVIAL and event["method"] == "fit"
    ]


def metric_events(run: Run) -> list[Event]:
    """Return the events that score predictions, in order."""
    return list(run.of("metric"))


def labels_of(run: Run, number: int | None) -> np.ndarray:
    """Return the row labels of a table; empty where they are not known."""
    table = run.table(number)
    return np.array([], dtype=np.int64) if table is None or table.rows is None else table.rows


def scored(run: Run, event: Event) -> np.ndarray:
    """Return the row labels that a metric was computed on, from truth or prediction."""
    first = labels_of(run, event["first"])
    return first if len(first) else labels_of(run, event["second"])


def learnt(run: Run) -> np.ndarray:
    """Return the rows that models were fitted or cross-validated on before the last metric."""
    metrics = [n for n, e in enumerate(run.events) if e["kind"] == "metric"]
    last = metrics[-1] if metrics else len(run.events)
    found = [
        labels_of(run, event["X"])
        for event in run.events[:last]
        if event["kind"] in LEARNING and event.get("y") is not None and event["name"] not in TRIVIAL
    ]
    return np.unique(np.concatenate(found)) if found else np.array([], dtype=np.int64)


def held_out(run: Run) -> np.ndarray:
    """Return the rows that are scored and not learnt from; else those that the split held out.

    Of several splits the last whose rows are scored counts: others were only tried. Empty where
    the program scores only what it has learnt from and splits by no known call.
    """
    all_scored = [scored(run, event) for event in metric_events(run)]
    kept = np.unique(np.concatenate(all_scored)) if all_scored else np.array([], dtype=np.int64)
    apart = np.setdiff1d(kept, learnt(run))
    if len(apart):
        return apart
    tests = [
        np.unique(np.asarray(event["test"], dtype=np.int64))
        for event in run.of("split")
        if event.get("test") and event.get("parts", 1) == 1
    ]
    last = [test for test in tests if any(np.isin(test, rows).all() for rows in all_scored)]
    return (last[-1:] or tests[:1] or [np.array([], dtype=np.int64)])[0]


def common_rows(a: Table, b: Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the labels that both tables hold, and their places in each."""
    if a.rows is None or b.rows is None:
        empty = np.array([], dtype=np.int64)
        return empty, empty, empty
    return np.intersect1d(a.rows, b.rows, return_indices=True)
