"""Serve skew: the same rows through training and through prediction."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from grader.prove.finding import Finding, Oracle
from grader.prove.keys import key_names, keys_of
from grader.prove.oracles.compare import differing, said
from grader.prove.rows import LEARNING, TRIVIAL
from grader.prove.seen import Event, Run, Table
from grader.prove.statements import lines_naming
from grader.prove.trial import Trial

NOBODY = np.array([], dtype=np.int64)
CLOSE = 2e-5
"""Served scores are written with five or six decimals."""


class Decided(NamedTuple):
    """How many served decisions follow a cut at the stored threshold, and how many do not."""

    threshold: float
    otherwise: int
    rows: int


def find(trial: Trial) -> list[Finding]:
    """Return every way in which serving differs from training, or a row from itself."""
    serve = trial.run("base/serve")
    if not serve.sound:
        return []
    found = [*_features(trial, serve), *_class(serve)]
    found += _batch(trial, "served/half", "served/serve", "skew:batch", "")
    found += _batch(trial, "served/gaps-half", "served/gaps", "skew:batch-gaps", " with gaps")
    found += _batch(trial, "served/columns_reversed", "served/serve", "skew:order", "")
    found += [*_misplaced(trial, serve), *_spelling(trial)]
    decided = _decided(trial.base, serve)
    if decided is not None and decided.otherwise:
        found.append(
            Finding(
                "skew:threshold",
                (),
                f"{decided.otherwise} of {decided.rows} served decisions are not those of the "
                f"stored threshold {decided.threshold:g}",
            )
        )
    return found


def _features(trial: Trial, serve: Run) -> Iterator[Finding]:
    """Yield a finding if a row's features differ between training and serving."""
    train = trial.base
    learnt = [e for e in train.of(*LEARNING) if e.get("y") is not None and _model(e)]
    uses = [e for e in serve.of("use") if e["method"].startswith(("predict", "decision"))]
    for use in uses[-1:]:
        for event in reversed(learnt):
            difference = differing(
                train.table(event["X"]), serve.table(use["X"]), NOBODY, further_allowed=True
            )
            if difference.cells:
                yield Finding(
                    "skew:features",
                    (*use["lines"][:1], *lines_naming(trial.program, difference.columns)),
                    f"{difference.rows} training rows have other features when they are served "
                    f"({said(difference.columns)})",
                )
            return


def _model(event: Event) -> bool:
    return event["name"] not in TRIVIAL


def _class(serve: Run) -> Iterator[Finding]:
    """Yield a finding if a served number is the probability of the first of two classes."""
    for use in serve.of("use"):
        table = serve.table(use["result"])
        if use["method"] != "predict_proba" or table is None or not _two_classes(use, table):
            continue
        assert table.numbers is not None
        first, second = table.numbers[:, 0], table.numbers[:, 1]
        for name in serve.served.select_dtypes("number").columns:
            column = serve.served[name].to_numpy(dtype=float)
            if len(column) == len(first) and _close(column, first) and not _close(column, second):
                yield Finding(
                    "skew:class",
                    tuple(use["lines"][:1]),
                    f"the served {name} is the probability of class {use['classes'][0]}, not of "
                    f"class {use['classes'][1]}, in all {len(column)} rows",
                )


def _two_classes(use: Event, table: Table) -> bool:
    return table.numbers is not None and table.numbers.shape[1] == len(use.get("classes", [])) == 2


def _close(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.allclose(np.sort(a), np.sort(b), atol=CLOSE))


def _batch(trial: Trial, one: str, two: str, aspect: str, among: str) -> Iterator[Finding]:
    """Yield a finding if the same rows get other numbers in two files."""
    a, b = trial.maybe(one), trial.maybe(two)
    if a is None or b is None or not (a.sound and b.sound):
        return
    left, right = _keyed(trial, a.served), _keyed(trial, b.served)
    shared = left.index.intersection(right.index)
    if left.empty or not len(shared) or left.index.has_duplicates or right.index.has_duplicates:
        return
    for name in left.select_dtypes("number").columns.intersection(right.columns):
        here = left.loc[shared, name].to_numpy(dtype=float)
        there = right.loc[shared, name].to_numpy(dtype=float)
        unequal = int((~np.isclose(here, there, atol=CLOSE, equal_nan=True)).sum())
        if unequal:
            where = (
                "when the columns are in another order"
                if aspect == "skew:order"
                else ("in two batches that both hold them")
            )
            yield Finding(
                aspect, (), f"{unequal} of {len(shared)} rows{among} get another {name} {where}"
            )
            return


def _spelling(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if categories in capitals are other categories, and are not in the twin."""
    here, there = (_shouted(t) for t in (trial, trial.twin))
    if here and there == 0:
        yield Finding(
            "skew:spelling",
            (),
            f"{here} rows get another score when their categories are written in capitals",
        )


def _shouted(trial: Trial) -> int | None:
    """Return how many served rows the spelling of their categories moves."""
    one, two = trial.run("served/serve"), trial.maybe("served/shouted")
    if two is None or not (one.sound and two.sound) or one.served.shape != two.served.shape:
        return None
    left, right = (run.served.select_dtypes("number").to_numpy(dtype=float) for run in (one, two))
    return int((~np.isclose(left, right, atol=CLOSE, equal_nan=True)).any(axis=1).sum())


def _misplaced(trial: Trial, serve: Run) -> Iterator[Finding]:
    """Yield a finding if the model's numbers stand beside other rows than it gave them to."""
    served, keys = serve.served, _row_of_key(trial, serve.served)
    for use in serve.of("use"):
        table = serve.table(use["result"])
        if table is None or table.numbers is None or table.rows is None or keys is None:
            continue
        given = pd.Series(table.numbers[:, -1], index=table.rows)
        if not use["method"].startswith("predict") or len(given) != len(served):
            continue
        given = given[~given.index.duplicated()].reindex(keys)
        for name in served.select_dtypes("float").columns:
            told = served[name].to_numpy(dtype=float)
            same = np.corrcoef(np.sort(told), np.sort(given.to_numpy()))[0, 1]
            beside = np.corrcoef(told, given.to_numpy())[0, 1]
            if same > 0.999 and beside < 0.9:
                yield Finding(
                    "skew:rows",
                    (),
                    f"the served {name} is what the model gave, but beside other rows: row by row "
                    f"the correlation is {beside:.2f}",
                )
                return


def _row_of_key(trial: Trial, served: pd.DataFrame) -> np.ndarray | None:
    """Return the number of the row that each served row's key belongs to; None where unknown."""
    names = key_names(trial.material.facts, served, trial.table)
    keys, told = (keys_of(table, names) for table in (trial.table, served))
    if not names or keys.duplicated().any():
        return None
    rows = pd.Series(trial.table.index, index=keys).reindex(told).to_numpy(dtype=float)
    return None if np.isnan(rows).any() else rows.astype(np.int64)


def _keyed(trial: Trial, served: pd.DataFrame) -> pd.DataFrame:
    """Return predictions with the keys of their rows as the index; empty where they have none."""
    names = key_names(trial.material.facts, served, trial.table)
    return served.set_index(keys_of(served, names)) if names else pd.DataFrame()


def _decided(train: Run, serve: Run) -> Decided | None:
    """Return whether some served column is the cut of a served number at the stored threshold."""
    thresholds = [
        float(value)
        for event in train.of("store")
        for path, value in event["holds"].items()
        if "threshold" in path.lower() and isinstance(value, int | float)
    ]
    served = serve.served
    best: Decided | None = None
    for threshold in thresholds:
        for score in served.select_dtypes("float").columns:
            above = served[score].to_numpy() >= threshold
            near = np.abs(served[score].to_numpy() - threshold) < CLOSE
            for decision in served.columns:
                if decision != score and 1 <= served[decision].nunique() <= 30:
                    for value in served[decision].unique():
                        unequal = ((served[decision] == value).to_numpy() != above) & ~near
                        count = int(min(unequal.sum(), (~unequal & ~near).sum()))
                        if best is None or count < best.otherwise:
                            best = Decided(threshold, count, len(served))
    return best


ORACLE = Oracle(
    "serve skew",
    ("base", "served"),
    find,
    "a row has the same features, score and decision in training, in serving and in every batch",
)
