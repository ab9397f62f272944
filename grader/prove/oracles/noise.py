"""Single split noise: one split gives one figure, and nothing says how much it moves."""

from collections.abc import Sequence

import numpy as np

from grader.prove.finding import Finding, Oracle
from grader.prove.oracles.held import few_rows
from grader.prove.seen import Event, Run
from grader.prove.trial import Trial


def find(trial: Trial) -> list[Finding]:
    """Return a finding if nothing is resampled before the last score, or too little is scored."""
    few = list(few_rows(trial))
    if any(_resamples(trial.base, event) for event in trial.base.events):
        return few
    spread = _spread(trial.twin.base)
    known = f"; the folds of the clean program spread by {spread:.3f} (sd)" if spread else ""
    return [
        *few,
        Finding(
            "no-resampling", (), f"the figures come from one split, nothing is resampled{known}"
        ),
    ]


def _resamples(run: Run, event: Event) -> bool:
    """Tell whether more than one part of the rows is scored: by a call, or by a loop of fits."""
    if event["kind"] == "cross-validate":
        return str(event["name"]) != "cross_val_predict"
    if event["kind"] == "split":
        parts = int(event.get("parts", 1))
        return 1 < parts <= _fits_scored(run.events[run.events.index(event) :])
    return event["kind"] == "fit" and str(event["name"]).endswith("SearchCV")


def _fits_scored(events: Sequence[Event]) -> int:
    """Return how many fits of a model are followed by a score before the next fit."""
    count, open_fit = 0, False
    for event in events:
        if event["kind"] == "fit" and event["y"] is not None:
            open_fit = True
        elif event["kind"] == "metric" or event.get("method") == "score":
            count, open_fit = count + open_fit, False
    return count


def _spread(run: Run) -> float:
    for event in run.of("cross-validate"):
        values = event.get("value")
        if isinstance(values, list) and len(values) > 1:
            return float(np.std(np.asarray(values, dtype=float), ddof=1))
    return 0.0


ORACLE = Oracle(
    "single split noise", ("base",), find, "the figures are resampled, and their spread is told"
)
