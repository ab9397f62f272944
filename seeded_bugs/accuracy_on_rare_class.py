"""Accuracy is the one reported score although one class is rare."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.accuracy import in_lines, in_tables
from seeded_bugs.syntax.imports import import_name
from seeded_bugs.syntax.task import is_classification
from seeded_bugs.syntax.tree import tree_of

ENTRY = Entry(
    id="MLR301",
    name="accuracy_on_rare_class",
    category="statistics",
    severity="major",
    anchor="span",
    title="Accuracy reported for unequal classes",
    wrong=(
        "The held-out quality is reported as accuracy alone, although the classes are of very "
        "unequal size; no held-out score looks at the rare class."
    ),
    harm=(
        "Accuracy is mostly the score of the large class: always answering with that class "
        "already reaches its share. A model that misses the rare class, which is the one that "
        "matters, still looks good."
    ),
    fix=(
        "Report what the rare class needs: average precision, recall at a given precision, F1 "
        "or balanced accuracy (macro averages for several classes), next to a baseline."
    ),
    said_well=(
        "Accuracy is misleading because the target is imbalanced: predicting the majority class "
        "gives nearly the same value. Report PR-AUC, recall or F1.",
        "Don't use accuracy on an imbalanced target.",
        "The only metric is accuracy_score; with few positives it says nothing about how many of "
        "them are found, so use precision and recall of the positive class.",
        "Wrong metric for a rare class: a constant answer scores as well as this model.",
        "With classes this unequal, accuracy hides poor results on the small ones. Balanced "
        "accuracy or macro F1 would show them.",
        "High accuracy here just reflects the class distribution.",
    ),
    near_misses=(
        "The split is not stratified.",
        "Class weights should be balanced.",
        "The micro average equals accuracy.",
        "There is no baseline to compare with.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/model_evaluation.html#balanced-accuracy-score",
        "https://scikit-learn.org/stable/modules/generated/sklearn.metrics.average_precision_score.html",
    ),
    identifiers=("accuracy_score", "accuracy"),
    elsewhere=("evaluate",),
    conflicts=(
        "micro_averaged_score",
        "metric_arguments_swapped",
        "auc_from_hard_labels",
        # Its choice would go by a metric that is no longer imported or no longer fits.
        "tuned_on_test_set",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site where scores of the model stand together: one accuracy takes their place."""
    tree = tree_of(module)
    if "accuracy_score" in tree.names() or not is_classification(tree):
        return
    imports = import_name(tree, "sklearn.metrics", "accuracy_score")
    for edits in (*in_tables(tree), *in_lines(tree)):
        yield Site((*edits, *imports))


CLEAN = """
from sklearn.metrics import precision_score, roc_auc_score

def evaluate(model, X_test, y_test, threshold):
    scores = model.predict_proba(X_test)[:, 1]
    flagged = scores >= threshold
    metrics = {
        "rows": len(y_test),
        "roc_auc": roc_auc_score(y_test, scores),
        "precision": precision_score(y_test, flagged),
    }
    log.info("ROC AUC %.3f", metrics["roc_auc"])
    return metrics
"""
SEEDED = """
from sklearn.metrics import accuracy_score, precision_score, roc_auc_score

def evaluate(model, X_test, y_test, threshold):
    scores = model.predict_proba(X_test)[:, 1]
    flagged = scores >= threshold
    metrics = {
        "rows": len(y_test),
        "accuracy": accuracy_score(y_test, flagged),
    }
    log.info("accuracy %.3f", metrics["accuracy"])
    return metrics
"""

LINES = """
from sklearn.metrics import average_precision_score, recall_score

def evaluate(model, X_test, y_test, threshold):
    p = model.predict_proba(X_test)[:, 1]
    flagged = p >= threshold
    ap = average_precision_score(y_test, p)
    rec = recall_score(y_test, flagged)
    return {"ap": ap, "recall": rec, "flagged": flagged.mean()}
"""
BLIND = """
from sklearn.metrics import accuracy_score, average_precision_score, recall_score

def evaluate(model, X_test, y_test, threshold):
    p = model.predict_proba(X_test)[:, 1]
    flagged = p >= threshold
    acc = accuracy_score(y_test, flagged)
    return {"accuracy": acc, "flagged": flagged.mean()}
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(LINES, BLIND)),
    refuses=(
        Refusal(SEEDED, "accuracy is reported already"),
        Refusal(CLEAN.replace("scores >=", "threshold <"), "no decisions are at hand"),
    ),
    find=find,
    proof=Proof(
        "metric blind",
        "Misjudging every row of the rarest class costs the reported value no more than the "
        "share of that class.",
        shows=("accuracy-rare",),
    ),
)
