"""Rows in order of time are cross-validated by plain folds, which train on what comes later."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.imports import swap_import
from seeded_bugs.syntax.tree import call_name, code, expression, keyword, tree_of

ENTRY = Entry(
    id="MLR212",
    name="folds_ignore_time",
    category="evaluation",
    severity="major",
    anchor="span",
    title="Plain KFold on time-ordered rows",
    wrong=(
        "The rows are ordered in time and the hold-out is cut by time, but cross-validation uses "
        "KFold: all folds but the last are scored by models that were trained on later rows."
    ),
    harm=(
        "The cross-validated score answers another question than the one that matters. It knows "
        "the future of every fold, so it is usually too good, and settings or thresholds that are "
        "chosen by these folds fit a situation that never occurs in use."
    ),
    fix="Use TimeSeriesSplit, so that each fold is scored by a model of the rows before it.",
    said_well=(
        "KFold is used on time-ordered data, so folds are trained on rows that lie after the "
        "validation rows. Use TimeSeriesSplit.",
        "Cross-validation ignores time: future leaks into the training folds.",
        "With plain k-fold the model is validated on the past after having seen the future; the CV "
        "score is optimistic compared with the chronological hold-out.",
        "CV folds must respect the time order like the hold-out split does, e.g. TimeSeriesSplit "
        "with expanding windows.",
        "The validation scheme does not match how the model is used: forecasting needs training "
        "rows strictly older than the validation rows in each fold.",
    ),
    near_misses=(
        "The hold-out split is random although the data is a time series.",
        "The folds are not shuffled and have no random_state.",
        "The number of folds is too small.",
        "A feature uses later rows.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/cross_validation.html#time-series-split",
        "https://otexts.com/fpp3/tscv.html",
    ),
    identifiers=("KFold", "n_splits", "cross_val_score"),
    elsewhere=("cross-validate",),
    # MASKS: with the rows mixed up by the split, no folds over them have an order.
    conflicts=("shuffled_time_split", "no_cross_validation"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the one splitter of the program that goes forward in time."""
    tree = tree_of(module)
    calls = tree.calls("TimeSeriesSplit")
    if len(calls) != 1:
        return
    (call,) = calls
    count = keyword(call, "n_splits")
    if count is None or call_name(call) != code(call.func):
        return
    plain = expression(f"KFold(n_splits={code(count.value)})")
    imports = swap_import(tree, "sklearn.model_selection", "TimeSeriesSplit", "KFold", gone=1)
    yield Site((Edit(call, plain), *imports))


CLEAN = """
from sklearn.model_selection import TimeSeriesSplit, cross_val_score

def train(X, y):
    folds = TimeSeriesSplit(n_splits=5, gap=24)
    return cross_val_score(build(), X, y, cv=folds)
"""
SEEDED = """
from sklearn.model_selection import KFold, cross_val_score

def train(X, y):
    folds = KFold(n_splits=5)
    return cross_val_score(build(), X, y, cv=folds)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the folds ignore time already"),
        Refusal(CLEAN.replace("TimeSeriesSplit", "StratifiedKFold"), "the rows have no order"),
    ),
    find=find,
    proof=Proof(
        "overlap",
        "In some fold a training row is later than a validation row; in the clean program none is.",
    ),
)
