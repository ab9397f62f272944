"""What a cross-validation does: which rows stand in its folds, and what is told of its scores."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from grader.prove.finding import Finding
from grader.prove.rows import labels_of
from grader.prove.seen import Event, Run
from grader.prove.trial import Trial

Figures = npt.NDArray[np.float64]
ROUNDED = 6e-4
"""Figures of a report are rounded to three decimals at least."""


def later_rows(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if a fold is scored by a model of rows that come after it."""
    name = trial.material.facts.time_column
    times = trial.table[name].to_numpy() if name else None
    for event, train, test in _folds(trial.base):
        if times is not None and times[train].max() > times[test].min():
            later = int((times[train] > times[test].min()).sum())
            yield Finding(
                "fold-time",
                (),
                f"in a fold of {event['cv'] or 'the cross-validation'} {later} of {len(train)} "
                f"training rows are newer than the oldest of the {len(test)} validation rows",
            )
            return


def shared_groups(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if an entity has rows on both sides of a fold."""
    name = trial.material.facts.group_column
    groups = trial.table[name].to_numpy() if name else None
    for event, train, test in _folds(trial.base):
        both = set(groups[train]) & set(groups[test]) if groups is not None else ()
        if groups is not None and both:
            yield Finding(
                "fold-group",
                (),
                f"in a fold of {event['cv'] or 'the cross-validation'} {len(both)} of "
                f"{len(set(groups[test]))} values of {name} stand on both sides",
            )
            return


def _folds(run: Run) -> Iterator[tuple[Event, npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Yield the row labels of each fold, to learn from and to check, where they are known."""
    for event in run.of("cross-validate"):
        for train, test in event.get("folds", ()):
            if train and test:
                yield event, np.asarray(train, np.int64), np.asarray(test, np.int64)


def prepared_rows(run: Run) -> Iterator[Finding]:
    """Yield a finding if a bare model is cross-validated on rows that were prepared together."""
    for event in run.of("cross-validate"):
        rows = labels_of(run, event["X"])
        if event["estimator"] == "Pipeline" or not len(rows):
            continue
        for fit in run.of("fit"):
            whole = fit["name"] == "Pipeline" and fit["method"] == "fit_transform"
            if whole and np.array_equal(np.sort(labels_of(run, fit["X"])), np.sort(rows)):
                yield Finding(
                    "fit:folds",
                    (*fit["lines"], *event["lines"]),
                    f"the steps before {event['estimator']} are fitted on all {len(rows)} rows "
                    "that the folds are cut from, and in no fold again",
                )
                return


def figures(trial: Trial) -> list[Finding]:
    """Return what the report tells of the scores of the folds, where that is not what they are."""
    scores = _scores(trial.base)
    if scores is None:
        return []
    return [*_best(trial, scores), *_spread(trial, scores)]


def _best(trial: Trial, scores: Figures) -> Iterator[Finding]:
    told = {k: v for k, v in _told(trial.base).items() if "cv" in k}
    size = np.abs(scores)
    best, mean = (size.min() if (scores < 0).all() else size.max()), size.mean()
    names = [name for name, value in told.items() if abs(value - best) < ROUNDED]
    if names and not any(abs(value - mean) < ROUNDED for value in told.values()):
        yield Finding(
            "best-fold",
            (),
            f"{names[0]} is {told[names[0]]:g}, the best of {len(scores)} folds; their mean, "
            f"{mean:.4g}, is told nowhere",
        )


def _spread(trial: Trial, scores: Figures) -> Iterator[Finding]:
    """Yield a finding if a figure that is a standard deviation in the twin is a part of one."""
    twin = _scores(trial.twin.base)
    there, here = _told(trial.twin.base), _told(trial.base)
    for name in there.keys() & here.keys() if twin is not None else ():
        if not any(abs(there[name] - sd) < ROUNDED for sd in _deviations(twin)):
            continue
        if max(_deviations(scores)) > 2 * ROUNDED and here[name] < min(_deviations(scores)) / 4:
            yield Finding(
                "spread-shrunk",
                (),
                f"{name} is {here[name]:g}, while the scores of the {len(scores)} folds have a "
                f"standard deviation of {min(_deviations(scores)):.4g}",
            )
            return


def _deviations(scores: Figures | None) -> tuple[float, ...]:
    if scores is None:
        return ()
    return (float(np.std(scores)), float(np.std(scores, ddof=1)))


def _scores(run: Run) -> Figures | None:
    for event in run.of("cross-validate"):
        values = event.get("value")
        if event["name"] == "cross_val_score" and isinstance(values, list) and len(values) > 1:
            return np.asarray(values, dtype=np.float64)
    return None


def _told(run: Run) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in run.report.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
