"""Prediction and truth change places in the call of a metric that is not symmetric."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.scoring import judged, swapped
from seeded_bugs.syntax.tree import call_name, tree_of

LOPSIDED = (
    "precision_score",
    "recall_score",
    "balanced_accuracy_score",
    "r2_score",
    "mean_absolute_percentage_error",
)

ENTRY = Entry(
    id="MLR303",
    name="metric_arguments_swapped",
    category="statistics",
    severity="major",
    anchor="span",
    title="Prediction and truth swapped in a metric call",
    wrong=(
        "The metric gets the predictions as its first argument and the true labels as its second, "
        "while scikit-learn expects (y_true, y_pred)."
    ),
    harm=(
        "The metric is not symmetric: with the arguments exchanged precision becomes recall and "
        "recall becomes precision, so the reported figure is that of another metric and nothing "
        "warns of it."
    ),
    fix="Pass the true labels first and the predictions second, best by keyword.",
    said_well=(
        "The arguments of the metric are swapped: scikit-learn expects y_true first, y_pred "
        "second, so this computes another quantity. Put the labels first.",
        "y_true and y_pred are the wrong way round.",
        "Predictions are passed where the ground truth belongs, so precision is really recall "
        "and the reported value is wrong.",
        "The order should be (y_true, y_pred); reversed as here false positives and false "
        "negatives trade places.",
        "Swapped arguments in the metric call. Pass them by keyword to be safe.",
    ),
    near_misses=(
        "The metric is computed on the training rows.",
        "Precision alone is not enough, report recall too.",
        "ROC AUC is computed from hard labels.",
        "Accuracy is misleading here.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/generated/sklearn.metrics.precision_score.html",
        "https://scikit-learn.org/stable/modules/model_evaluation.html",
    ),
    identifiers=(*LOPSIDED, "y_true", "y_pred"),
    elsewhere=("evaluate",),
    conflicts=("micro_averaged_score", "accuracy_on_rare_class"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site a call that judges the model with a metric that is not symmetric."""
    for found in judged(tree_of(module)):
        if found.model and call_name(found.call) in LOPSIDED:
            truth = next(a for a in found.call.args if a.keyword is None)
            yield Site((Edit(found.call, swapped(found.call, truth, found.guess)),))


CLEAN = """
from sklearn.metrics import f1_score, precision_score, recall_score

def evaluate(model, X_test, y_test, threshold):
    flagged = model.predict_proba(X_test)[:, 1] >= threshold
    precision = precision_score(y_test, flagged, zero_division=0)
    return {"precision": precision, "f1": f1_score(y_test, flagged)}
"""
SEEDED = CLEAN.replace("(y_test, flagged, zero", "(flagged, y_test, zero")

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "they are swapped already, and f1 is symmetric"),
        Refusal(
            "from sklearn.metrics import roc_auc_score\ndef f(y, p):\n    roc_auc_score(y, p)\n",
            "the swapped call would fail, as scores are no labels",
        ),
    ),
    find=find,
    proof=Proof(
        "metric blind",
        "The reported value differs from the metric of truth and prediction, and equals the one "
        "with both exchanged.",
        shows=("swapped",),
    ),
)
