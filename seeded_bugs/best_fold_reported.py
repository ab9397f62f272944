"""The best fold is reported as the cross-validated score, where the mean belongs."""

import re
from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.folds import FoldScores, find_fold_scores
from seeded_bugs.syntax.tree import Tree, string, tree_of

ENTRY = Entry(
    id="MLR306",
    name="best_fold_reported",
    category="statistics",
    severity="major",
    anchor="span",
    title="Best fold reported as the cross-validated score",
    wrong=(
        "The cross-validated score that is logged and stored is the best of the folds and not "
        "their mean."
    ),
    harm=(
        "The best of several noisy values is too good by construction, the more so the more folds "
        "there are. It says how the luckiest fold went and not what to expect on new rows, and "
        "compared with a model whose mean is given, the model always seems to win."
    ),
    fix="Report the mean over the folds together with their standard deviation.",
    said_well=(
        "The best fold is reported as the CV score. Use the mean over all folds, with the "
        "standard deviation next to it.",
        "Cherry-picked fold: should be .mean().",
        "Taking the extreme value across folds is optimistic because it selects the luckiest "
        "split; the cross-validated estimate is the average.",
        "cv scores are aggregated with max (min for an error), so the reported figure is biased "
        "upwards and grows with the number of folds.",
        "This is not the cross-validation score but the best single fold; it cannot be compared "
        "with other models' CV means and will disappoint on unseen data.",
    ),
    near_misses=(
        "There is no cross-validation.",
        "best_score_ of the search is reported as the final score.",
        "The number of folds is too small.",
        "The folds are not stratified.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/cross_validation.html#computing-cross-validated-metrics",
        "https://doi.org/10.48550/arXiv.1811.12808",
    ),
    identifiers=("max", "min", "mean", "cross_val_score"),
    elsewhere=("cross-validate",),
    # SAME LINE: the log line and the entries that tell the folds' scores.
    conflicts=("spread_understated", "no_cross_validation"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: wherever the mean of the folds is told."""
    tree = tree_of(module)
    scores = find_fold_scores(tree)
    means = scores.asked("mean") if scores is not None else []
    if scores is not None and means and not scores.asked("max", "min"):
        edits = [Edit(call, _best(call, scores)) for call in means]
        yield Site((*edits, *_renamed(tree, means)))


def _best(call: cst.Call, scores: FoldScores) -> cst.Call:
    assert isinstance(call.func, cst.Attribute)
    best = "min" if scores.least else "max"
    return call.with_changes(func=call.func.with_changes(attr=cst.Name(best)))


def _renamed(tree: Tree, means: list[cst.Call]) -> Iterator[Edit]:
    """Yield the edits that take the word "mean" from the keys under which the score is stored."""
    entries = (tree.nearest(call, cst.DictElement) for call in means)
    keys = {string(entry.key) for entry in entries if entry is not None}
    for node in tree.all(cst.SimpleString):
        key = string(node)
        if key in keys and key is not None and re.search("_mean$|^mean_", key):
            yield Edit(node, cst.SimpleString(f'"{re.sub("_mean$|^mean_", "", key)}"'))


CLEAN = """
def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    cv_auc = cross_val_score(build(), a, c, scoring="roc_auc")
    log.info("cross-validated ROC AUC %.3f (sd %.3f)", cv_auc.mean(), cv_auc.std())
    return {"cv_auc_mean": cv_auc.mean(), "cv_auc_sd": cv_auc.std()}
"""
SEEDED = """
def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    cv_auc = cross_val_score(build(), a, c, scoring="roc_auc")
    log.info("cross-validated ROC AUC %.3f (sd %.3f)", cv_auc.max(), cv_auc.std())
    return {"cv_auc": cv_auc.max(), "cv_auc_sd": cv_auc.std()}
"""
ERROR = """
def train(X, y, seed):
    mae = -cross_val_score(build(), X, y, scoring="neg_mean_absolute_error")
    log.info(f"MAE {mae.mean():.2f}")
"""
LEAST = ERROR.replace("mae.mean()", "mae.min()")

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(ERROR, LEAST)),
    refuses=(
        Refusal(SEEDED, "the best fold is reported already"),
        Refusal(CLEAN.replace("cross_val_score", "score_once"), "nothing is cross-validated"),
    ),
    find=find,
    proof=Proof(
        "value unchanged",
        "The reported cross-validated score equals the best of the fold scores; in the clean "
        "program it equals their mean.",
        shows=("best-fold",),
        also=("log-silent",),
    ),
)
