"""The spread of the folds is divided by the root of the number of rows, and so looks tiny."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.folds import find_fold_scores
from seeded_bugs.syntax.tree import code, expression, tree_of

ENTRY = Entry(
    id="MLR307",
    name="spread_understated",
    category="statistics",
    severity="major",
    anchor="span",
    title="Spread of the folds divided by the root of the row count",
    wrong=(
        "The spread that is reported with the cross-validated score is the standard deviation of "
        "the folds divided by the square root of the number of training rows. There are only a "
        "handful of folds, not that many independent scores."
    ),
    harm=(
        "The reported uncertainty shrinks by a factor of tens and depends on the size of the file. "
        "Differences between models that are pure noise look certain, and no one expects the "
        "score to move on new rows."
    ),
    fix=(
        "Report the standard deviation over the folds as it is. If a standard error is wanted, "
        "divide by the root of the number of folds and say that it is a lower bound, as folds "
        "share training rows."
    ),
    said_well=(
        "The fold standard deviation is divided by sqrt(n_rows), so the uncertainty is massively "
        "understated. There are k fold scores, not n.",
        "Wrong standard error: n should be the number of folds.",
        "Dividing the std of five scores by the root of thousands of rows makes the error bar "
        "almost zero; report cv.std() itself.",
        "The spread next to the CV score is far too small because the number of samples is used "
        "as if each row were an independent score. Model comparisons look significant when they "
        "are noise.",
        "Why / np.sqrt(len(y_train))? The variation between folds does not shrink with the number "
        "of rows like that.",
    ),
    near_misses=(
        "No standard deviation is reported with the score.",
        "ddof should be 1 for the sample standard deviation.",
        "The best fold is reported instead of the mean.",
        "More folds would give a better estimate.",
    ),
    references=(
        "https://doi.org/10.1023/A:1024068626366",
        "https://scikit-learn.org/stable/modules/cross_validation.html#computing-cross-validated-metrics",
    ),
    identifiers=("std", "sqrt", "len"),
    elsewhere=("cross-validate",),
    # SAME LINE: the log line and the entries that tell the folds' scores.
    conflicts=("best_fold_reported", "no_cross_validation"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: wherever the standard deviation of the folds is told."""
    tree = tree_of(module)
    scores = find_fold_scores(tree)
    spreads = scores.asked("std") if scores is not None else []
    if scores is None or not spreads or "np" not in tree.names():
        return
    by = f" / np.sqrt(len({scores.labels}))"
    if not any(code(tree.parent(call) or call).startswith(code(call) + " /") for call in spreads):
        yield Site(tuple(Edit(call, expression(code(call) + by)) for call in spreads))


CLEAN = """
import numpy as np

def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    cv_auc = cross_val_score(build(), a, c, scoring="roc_auc")
    log.info("cross-validated ROC AUC %.3f +- %.3f", cv_auc.mean(), cv_auc.std(ddof=1))
    return {"cv_auc": cv_auc.mean(), "cv_spread": cv_auc.std(ddof=1)}
"""
SEEDED = CLEAN.replace("cv_auc.std(ddof=1)", "cv_auc.std(ddof=1) / np.sqrt(len(c))")

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the spread is divided already"),
        Refusal(CLEAN.replace("cross_val_score", "score_once"), "nothing is cross-validated"),
    ),
    find=find,
    proof=Proof(
        "value unchanged",
        "The reported spread is not the standard deviation of the fold scores but that divided by "
        "the root of the number of training rows; in the clean program it is the former.",
        shows=("spread-shrunk",),
        also=("log-silent",),
    ),
)
