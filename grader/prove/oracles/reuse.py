"""Test reuse: held-out rows are scored before training is over, so they choose something."""

import numpy as np

from grader.prove.finding import Finding, Oracle
from grader.prove.rows import LEARNING, TRIVIAL, held_out, labels_of, scored
from grader.prove.seen import Event, Run
from grader.prove.trial import Trial


def find(trial: Trial) -> list[Finding]:
    """Return a finding if held-out rows are scored before the last fit of a model."""
    base, held = trial.base, held_out(trial.base)
    early = [event for event in _consulted(base, held) if _learns_later(base, event)]
    if not early:
        return []
    lines = tuple(dict.fromkeys(line for event in early for line in event["lines"]))
    return [
        Finding(
            "consulted",
            lines,
            f"the held-out rows are scored {len(early)} times before the last fit of the model",
        )
    ]


def _consulted(run: Run, held: np.ndarray) -> list[Event]:
    """Return the scores that are computed on held-out rows."""
    found = []
    for event in run.of("metric", "use"):
        if event["kind"] == "use" and (event["method"] != "score" or event["name"] in TRIVIAL):
            continue
        rows = scored(run, event) if event["kind"] == "metric" else labels_of(run, event["X"])
        if len(rows) and len(np.intersect1d(rows, held)) >= 0.5 * len(rows):
            found.append(event)
    return found


def _learns_later(run: Run, event: Event) -> bool:
    """Tell whether a model is fitted on labels afterwards and scored again after that."""
    place = run.events.index(event)
    later = [
        n
        for n, e in enumerate(run.events)
        if n > place and e["kind"] in LEARNING and e.get("y") is not None
        if e["name"] not in TRIVIAL
    ]
    return bool(later) and any(
        e["kind"] == "metric" and n > later[0] for n, e in enumerate(run.events)
    )


ORACLE = Oracle(
    "test reuse",
    ("base",),
    find,
    "the held-out rows are scored once, after everything is fitted",
)
