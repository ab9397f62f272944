"""Target in disguise: what is known only after the outcome reaches the model as a feature."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from grader.prove.finding import Finding, Oracle
from grader.prove.oracles.compare import differing, paired, said
from grader.prove.oracles.watched import spreading
from grader.prove.rows import LEARNING, TRIVIAL
from grader.prove.statements import lines_naming
from grader.prove.trial import Trial

NOBODY = np.array([], dtype=np.int64)


def find(trial: Trial) -> list[Finding]:
    """Return a finding if shuffling the late columns changes what the model learns from."""
    other = trial.maybe("influence/late")
    if other is None or not other.sound:
        return []
    base = trial.base
    late = trial.material.facts.late_columns
    for event, again in paired(base, other, *LEARNING):
        changed = differing(base.table(event["X"]), other.table(again["X"]), NOBODY)
        if changed.cells and event["name"] not in TRIVIAL:
            strength = max(
                _strength(trial.table, name, trial.material.facts.target) for name in late
            )
            return [
                Finding(
                    "late",
                    (*spreading(base, other, NOBODY), *lines_naming(trial.program, late)),
                    f"shuffling {said(late)} alone changes the features ({said(changed.columns)}); "
                    f"it is known only after the outcome, and alone it ranks the target with "
                    f"{strength:.2f} (0.50 is chance)",
                )
            ]
    return []


def _strength(table: pd.DataFrame, name: str, target: str) -> float:
    """Return how well one column ranks the target: of AUC or concordance, the better direction.

    For classes the mean over one-against-rest AUC (Mann-Whitney); for numbers (1 + |Spearman|) / 2.
    """
    column = table[name]
    values = column if pd.api.types.is_numeric_dtype(column) else _coded(column, table[target])
    ranks = rankdata(values.fillna(values.min()).to_numpy())
    truth = table[target]
    if pd.api.types.is_numeric_dtype(truth) and truth.nunique() > 20:
        return (1 + abs(float(np.corrcoef(ranks, rankdata(truth))[0, 1]))) / 2
    aucs = []
    for label in truth.unique():
        inside = (truth == label).to_numpy()
        n, m = inside.sum(), (~inside).sum()
        if n and m:
            auc = (ranks[inside].sum() - n * (n + 1) / 2) / (n * m)
            aucs.append(max(auc, 1 - auc))
    return float(np.mean(aucs))


def _coded(column: pd.Series, truth: pd.Series) -> pd.Series:
    """Return a text column with each value coded by its most frequent class, as a number."""
    classes = pd.Series(pd.factorize(truth, sort=True)[0], index=truth.index)
    return column.map(classes.groupby(column.fillna("")).median()).astype(float)


ORACLE = Oracle(
    "target in disguise",
    ("base", "influence"),
    find,
    "shuffling what is known only after the outcome changes no feature",
)
