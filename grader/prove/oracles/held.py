"""What is scored of the held-out rows: how many, of which classes, and how much chance is in it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.prove.finding import Finding
from grader.prove.rows import learnt, metric_events, model_fits, scored
from grader.prove.seen import Event, Run
from grader.prove.trial import Trial

DRAWS = 60
FEWER, WIDER = 1 / 3, 1.3


def rows_left_out(trial: Trial, lines: tuple[int, ...]) -> Iterator[Finding]:
    """Yield a finding if fewer rows are scored than in the clean twin, and as many learnt."""
    here, there = len(scored_rows(trial.base)), len(scored_rows(trial.twin.base))
    learnt, twin = learnt_rows(trial.base), learnt_rows(trial.twin.base)
    if 0 < here < 0.98 * there and abs(learnt - twin) <= 0.02 * twin:
        yield Finding(
            "test-rows-lost",
            lines,
            f"{here} held-out rows are scored, {there} in the clean program, which learns from as "
            f"many rows ({twin})",
        )


def evened_out(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if all classes are equally common among the scored rows alone."""
    facts = trial.material.facts
    rows = scored_rows(trial.base)
    if facts.task == "regression" or not len(rows):
        return
    truth = trial.table[facts.target].to_numpy()
    labels, counts = np.unique(truth, return_counts=True)
    there = [int((truth[rows] == label).sum()) for label in labels]
    if min(there) == max(there) > 0 and counts.min() < 0.8 * counts.mean():
        yield Finding(
            "evened-out",
            (),
            f"each of the {len(labels)} classes has {there[0]} of the {len(rows)} scored rows; in "
            f"the file the rarest has {counts.min() / counts.sum():.1%}",
        )


def few_rows(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if the scored rows are few beside the twin's, and the scores noisier."""
    here, there = scored_rows(trial.base), scored_rows(trial.twin.base)
    if not 0 < len(here) <= FEWER * len(there):
        return
    noise, twin = _noise(trial.base), _noise(trial.twin.base)
    wider = {n: noise[n] / twin[n] for n in noise.keys() & twin.keys() if twin[n] > 0}
    name = max(wider, key=lambda n: wider[n], default=None)
    if name is not None and wider[name] >= WIDER:
        yield Finding(
            "few-scored",
            (),
            f"{len(here)} rows are scored, {len(there)} in the clean program: drawn again, "
            f"{name} has a standard deviation of {noise[name]:.3g}, there {twin[name]:.3g}",
        )


def scored_rows(run: Run) -> npt.NDArray[np.int64]:
    """Return the rows of the metric that is computed on most rows, not on training rows alone.

    Others may be computed on draws of these rows, as an interval is.
    """
    known = learnt(run)
    found = [rows for event in metric_events(run) if len(rows := scored(run, event))]
    apart = [rows for rows in found if len(np.setdiff1d(rows, known))]
    chosen = [np.unique(rows) for rows in apart or found]
    return max(chosen, key=len, default=np.array([], dtype=np.int64))


def learnt_rows(run: Run) -> int:
    """Return how many rows the model is fitted on for good."""
    tables = [run.table(event["X"]) for event in model_fits(run)]
    return next((len(table) for table in reversed(tables) if table is not None), 0)


def _noise(run: Run) -> dict[str, float]:
    """Return how much each metric spreads over bootstrap draws of its own rows."""
    import sklearn.metrics

    found: dict[str, float] = {}
    for event in metric_events(run):
        first, second = _values(run, event, "first"), _values(run, event, "second")
        if event["name"] in found or first is None or second is None or len(first) != len(second):
            continue
        options = {k: v for k, v in event["options"].items() if v is not None}
        metric = getattr(sklearn.metrics, event["name"])
        draws = list(_drawn(metric, first, second, options))
        if len(draws) > DRAWS // 2:
            found[event["name"]] = float(np.std(draws))
    return found


def _drawn(metric: Any, first: Any, second: Any, options: dict[str, Any]) -> Iterator[float]:
    import warnings

    rng = np.random.default_rng(0)
    for _ in range(DRAWS):
        rows = rng.integers(0, len(first), len(first))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = float(np.min(metric(first[rows], second[rows], **options)))
        except (ValueError, TypeError):
            return
        if value == value:
            yield value


def _values(run: Run, event: Event, side: str) -> npt.NDArray[Any] | None:
    table = run.table(event[side])
    if table is None:
        return None
    if table.numbers is not None:
        return table.numbers if table.numbers.shape[1] > 1 else table.numbers[:, 0]
    return table.cells[:, 0].astype(np.int64) if table.cells.shape[1] == 1 else None
