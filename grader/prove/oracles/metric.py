"""Metric blind: reported figures that do not measure what they are named for."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from grader.prove.finding import Finding, Oracle
from grader.prove.probe.tables import hashed
from grader.prove.rows import TRIVIAL, metric_events
from grader.prove.seen import Event, Run, Table
from grader.prove.trial import Trial

RANKING = ("roc_auc_score", "average_precision_score", "ndcg_score", "log_loss")
AVERAGED = ("f1_score", "precision_score", "recall_score", "fbeta_score", "jaccard_score")
RARE = 0.6
"""A class is rare if its share is below this part of an even share."""


def find(trial: Trial) -> list[Finding]:
    """Return the metric calls that are blind, with the lines that make them."""
    base = trial.base
    found: list[Finding] = []
    for event in metric_events(base):
        first, second = base.table(event["first"]), base.table(event["second"])
        if first is None or second is None or len(first) < 30:
            continue
        found += _hard(base, event, second)
        found += _swapped(trial, event, first, second)
        found += _micro(event, first, second)
        found += _logarithms(trial, event, first)
        found += _rare(trial, event, first, second)
    return found


def _hard(run: Run, event: Event, second: Table) -> Iterator[Finding]:
    """Yield a ranking metric that is given two values only, unless a trivial model gave them."""
    if event["name"] not in RANKING or second.numbers is None or second.numbers.shape[1] != 1:
        return
    given = second.numbers[:, 0]
    values = np.unique(given)
    if len(values) == 2 and not _trivial(run, given):
        yield Finding(
            "hard-labels",
            tuple(event["lines"]),
            f"{event['name']} is given only the values {values[0]:g} and {values[1]:g}, labels "
            f"instead of scores: {_figure(event)}",
        )


def _trivial(run: Run, given: npt.NDArray[np.float64]) -> bool:
    for use in run.of("use"):
        table = run.table(use["result"])
        if use["name"] not in TRIVIAL or table is None or table.numbers is None:
            continue
        if len(table) == len(given) and (table.numbers == given[:, None]).all(axis=0).any():
            return True
    return False


def _of_nothing(run: Run, event: Event) -> bool:
    """Tell whether a metric scores a trivial model."""
    table = run.table(event["second"])
    numbers = table.numbers if table is not None else None
    return numbers is not None and numbers.shape[1] == 1 and _trivial(run, numbers[:, 0])


def _swapped(trial: Trial, event: Event, first: Table, second: Table) -> Iterator[Finding]:
    """Yield a metric whose first argument is the prediction and whose second is the truth."""
    rows = second.rows if second.rows is not None else first.rows
    if rows is None or not len(rows) or rows.max() >= len(trial.table):
        return
    made = hashed(trial.table[trial.material.facts.target].iloc[rows])
    if made is None or first.cells.shape != made[0].shape or second.cells.shape != made[0].shape:
        return
    if (second.cells == made[0]).all() and not (first.cells == made[0]).all():
        yield Finding(
            "swapped",
            tuple(event["lines"]),
            f"{event['name']} is given the prediction as truth and the truth as prediction: "
            f"{_figure(event)}",
        )


def _micro(event: Event, first: Table, second: Table) -> Iterator[Finding]:
    """Yield an averaged score that is the accuracy under another name."""
    if event["name"] not in AVERAGED or event["options"].get("average") != "micro":
        return
    accuracy = float((first.cells == second.cells).mean())
    if abs(accuracy - float(event["value"])) < 1e-9:
        yield Finding(
            "micro",
            tuple(event["lines"]),
            f"{event['name']} averaged as micro is {_figure(event)}, exactly the accuracy",
        )


def _logarithms(trial: Trial, event: Event, first: Table) -> Iterator[Finding]:
    """Yield an error that is computed on the logarithms of the target."""
    facts, rows = trial.material.facts, first.rows
    if facts.task != "regression" or rows is None or first.numbers is None:
        return
    if rows.max() >= len(trial.table) or "log" in event["name"]:
        return
    truth = trial.table[facts.target].to_numpy(dtype=float)[rows]
    given = first.numbers[:, 0]
    if any(np.allclose(given, made) for made in (np.log1p(truth), np.log(np.maximum(truth, 1e-9)))):
        yield Finding(
            "log-scale",
            tuple(event["lines"]),
            f"{event['name']} is given logarithms of {facts.target}: {_figure(event)}, where the "
            f"target itself is {np.median(truth):g} in the middle",
        )


def _rare(trial: Trial, event: Event, first: Table, second: Table) -> Iterator[Finding]:
    """Yield an accuracy where a class is rare and nothing but accuracies is computed."""
    base = trial.base
    others = {e["name"] for e in metric_events(base) if not _of_nothing(base, e)}
    if others != {"accuracy_score"}:
        return
    _, counts = np.unique(first.cells[:, 0], return_counts=True)
    shares = counts / counts.sum()
    if len(shares) < 2 or shares.min() >= RARE / len(shares):
        return
    yield Finding(
        "accuracy-rare",
        tuple(event["lines"]),
        f"accuracy {_figure(event)} where the rarest class has {shares.min():.1%} of the rows: "
        f"misjudging all of it costs {shares.min():.3f}; always the largest class gives "
        f"{shares.max():.3f}",
    )


def _figure(event: Event) -> str:
    value = event["value"]
    return f"{value:.3f}" if isinstance(value, int | float) else str(value)


ORACLE = Oracle(
    "metric blind",
    ("base",),
    find,
    "every metric is given truth and prediction in their places, scores where it ranks",
)
