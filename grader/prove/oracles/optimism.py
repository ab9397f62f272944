"""Optimism: the reported figure beside the same figure on fresh rows, and both in the clean twin.

Each replicate trains on a table of its own and serves fresh rows of the same data maker, from which
everything is taken that is known only after the outcome. A program is too optimistic if its report
exceeds what it is worth on fresh rows by more than the report of its clean twin does, clearly and
in the mean of the replicates. A clean program is its own twin, so nothing can be found in it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as student
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    log_loss,
    mean_absolute_error,
    roc_auc_score,
)

from grader.prove.finding import Finding, Oracle
from grader.prove.groups import REPLICATES, fresh_table
from grader.prove.keys import key_names, keys_of
from grader.prove.trial import Trial

Vector = npt.NDArray[np.generic]

OPTIMISTIC = "optimistic"
"""The aspect; a kind that raises the report names it."""
SMALLEST = 0.015
"""Of a score in [0, 1], or as a part of the clean program's error: less is not worth a word."""
DOUBT = 0.00135
"""How often chance alone may exceed the bound: one side of three standard deviations."""
ALIGNED = 0.9
"""The part of the fresh rows that must be served, by a key that is known again."""
ERRORS = ("mae", "log_loss")

FIGURES: dict[str, Callable[[Vector, Vector], float]] = {
    "accuracy": lambda truth, served: float(accuracy_score(truth, served)),
    "average_precision": lambda truth, served: float(average_precision_score(truth, served)),
    "log_loss": lambda truth, served: float(log_loss(truth, np.clip(_numbers(served), 0, 1))),
    "macro_f1": lambda truth, served: float(f1_score(truth, served, average="macro")),
    "mae": lambda truth, served: float(mean_absolute_error(truth, served)),
    "roc_auc": lambda truth, served: float(roc_auc_score(truth, served)),
}


class Measured(NamedTuple):
    """One replicate: the figure of the report, the figure on fresh rows, and how many they are."""

    reported: float
    fresh: float
    rows: int


class Gap(NamedTuple):
    """How much more optimistic a program is than its twin, over the replicates.

    ``mean`` and ``error`` (its standard error) are in units of the score, or parts of the clean
    program's error on fresh rows.
    """

    mean: float
    error: float
    here: tuple[Measured, ...]
    there: tuple[Measured, ...]

    @property
    def clear(self) -> bool:
        """Tell whether it is large enough to matter and clear of chance."""
        bound = float(student.ppf(1 - DOUBT, len(self.here) - 1)) * self.error
        return self.mean > max(SMALLEST, bound)


def find(trial: Trial) -> list[Finding]:
    """Return a finding if the report promises more than fresh rows give, unlike the twin's."""
    gap = gap_of(trial)
    if gap is None or not gap.clear:
        return []
    name = figure_name(trial)
    here, there = ([float(np.mean(v)) for v in zip(*all_, strict=True)] for all_ in gap[2:])
    rows = sum(one.rows for one in gap.here)
    share = f"{gap.mean:.1%}" if name in ERRORS else f"{gap.mean:.3f}"
    spread = f"{gap.error:.1%}" if name in ERRORS else f"{gap.error:.3f}"
    return [
        Finding(
            OPTIMISTIC,
            (),
            f"reported {name} {here[0]:.3f}, on {rows:,} fresh rows {here[1]:.3f}; the clean "
            f"program reports {there[0]:.3f} and gets {there[1]:.3f} (means of {len(gap.here)} "
            f"trainings; too optimistic by {share}, standard error {spread})",
        )
    ]


def gap_of(trial: Trial) -> Gap | None:
    """Return how optimistic a program is beside its twin; None where nothing can be said.

    If the first replicate gives the same figures as the twin's to the last digit, nothing that
    the report tells has changed, and no further replicate is run.
    """
    if trial.twin is trial or figure_name(trial) not in FIGURES:
        return None
    here, there = [measured(trial, 0)], [measured(trial.twin, 0)]
    if here[0] is None or here == there:
        return None
    for one in (trial, trial.twin):
        one.ask_for(["optimism-more"])
    here += [measured(trial, number) for number in range(1, REPLICATES)]
    there += [measured(trial.twin, number) for number in range(1, REPLICATES)]
    sound = [(h, t) for h, t in zip(here, there, strict=True) if h is not None and t is not None]
    if len(sound) < REPLICATES:
        return None
    return _compared(figure_name(trial), *(tuple(part) for part in zip(*sound, strict=True)))


def _compared(name: str, here: tuple[Measured, ...], there: tuple[Measured, ...]) -> Gap:
    """Return the gap of paired replicates."""
    sign, unit = 1.0, 1.0
    if name in ERRORS:
        sign, unit = -1.0, float(np.mean([one.fresh for one in there]))
    above = [sign * (one.reported - one.fresh) / unit for one in here]
    usual = [sign * (one.reported - one.fresh) / unit for one in there]
    more = np.subtract(above, usual)
    return Gap(float(more.mean()), float(more.std(ddof=1) / np.sqrt(len(more))), here, there)


def figure_name(trial: Trial) -> str:
    """Return the name of the reported figure that is judged; empty where none is."""
    facts = trial.material.facts
    return (facts.judged_by or facts.metric) if facts.prediction else ""


def measured(trial: Trial, number: int) -> Measured | None:
    """Return the two figures of a replicate; None if a run failed or tells no such figure."""
    group = "optimism-more" if number else "optimism"
    train, serve = (trial.run(f"{group}/{number}/{way}") for way in ("train", "serve"))
    name = figure_name(trial)
    reported = train.report.get(name)
    if not (train.sound and serve.sound) or not isinstance(reported, int | float):
        return None
    pair = _aligned(trial, serve.served, number)
    if pair is None:
        return None
    truth, served = pair
    return Measured(float(reported), FIGURES[name](truth, served), len(truth))


def _aligned(trial: Trial, served: pd.DataFrame, number: int) -> tuple[Vector, Vector] | None:
    """Return truth and prediction of the fresh rows that were served under their own keys."""
    facts = trial.material.facts
    fresh = fresh_table(trial.material, number)
    names = key_names(facts, served, fresh)
    if facts.prediction not in served or not names:
        return None
    truth = pd.Series(
        fresh[facts.target].to_numpy(), index=keys_of(fresh, names, facts.time_column)
    )
    given = pd.Series(
        served[facts.prediction].to_numpy(), index=keys_of(served, names, facts.time_column)
    )
    truth, given = (one[~one.index.duplicated(keep=False)] for one in (truth, given))
    shared = truth.index.intersection(given.dropna().index)
    if len(shared) < ALIGNED * len(truth):
        return None
    left, right = truth.loc[shared], given.loc[shared]
    if facts.task == "multiclass-classification":
        return left.astype(str).to_numpy(), right.astype(str).to_numpy()
    numbers = pd.to_numeric(right, errors="coerce")
    return None if numbers.isna().any() else (left.to_numpy(), numbers.to_numpy())


def _numbers(values: Vector) -> npt.NDArray[np.float64]:
    return values.astype(np.float64)


ORACLE = Oracle(
    "optimism",
    ("base",),
    find,
    "the report promises no more than fresh rows give",
)
