"""A ranking metric is computed from decisions, so it ranks nothing."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.scoring import RANKING, decisions, is_binary, judged
from seeded_bugs.syntax.tree import call_name, expression, tree_of

ENTRY = Entry(
    id="MLR302",
    name="auc_from_hard_labels",
    category="statistics",
    severity="major",
    anchor="span",
    title="Ranking metric computed from decisions",
    wrong=(
        "ROC AUC or average precision is given the decisions (0 or 1) instead of the scores or "
        "probabilities of the model."
    ),
    harm=(
        "The metric measures how well scores rank the rows. Decisions have only two values, so "
        "the curve has a single corner: the figure depends on the threshold, is mostly too low, "
        "and cannot be compared with a real ROC AUC or average precision."
    ),
    fix="Pass the scores: predict_proba(X)[:, 1] or decision_function(X).",
    said_well=(
        "ROC AUC is computed from hard labels instead of probabilities, so the ranking is lost "
        "and the value is wrong; pass predict_proba(X)[:, 1].",
        "The ranking metric gets thresholded predictions. It needs scores.",
        "roc_auc_score / average_precision_score should receive the predicted probabilities; "
        "with 0/1 decisions the curve collapses to one point.",
        "AUC on binary predictions depends on the threshold and is not an AUC at all. Use the "
        "continuous scores.",
        "Here the decisions at the cut-off are fed to the AUC, which therefore only sees two "
        "distinct values and understates the model.",
    ),
    near_misses=(
        "ROC AUC is too optimistic for a rare class, use average precision.",
        "The decision threshold is a magic number.",
        "The arguments of the metric are swapped.",
        "Column 0 of predict_proba is the wrong class.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/generated/sklearn.metrics.roc_auc_score.html",
        "https://scikit-learn.org/stable/modules/generated/sklearn.metrics.average_precision_score.html",
    ),
    identifiers=("roc_auc_score", "average_precision_score", "predict_proba", "predict"),
    elsewhere=("evaluate",),
    conflicts=("accuracy_on_rare_class",),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site a ranking metric of the model whose decisions are at hand."""
    tree = tree_of(module)
    for found in judged(tree) if is_binary(tree) else []:
        if found.model and call_name(found.call) in RANKING:
            hard = decisions(tree, found)
            if hard is not None:
                yield Site((Edit(found.guess.value, expression(hard)),))


CLEAN = """
from sklearn.metrics import recall_score, roc_auc_score

def evaluate(model, X_test, y_test, threshold):
    scores = model.predict_proba(X_test)[:, 1]
    flagged = (scores >= threshold).astype(int)
    auc = roc_auc_score(y_test, scores)
    return {"auc": auc, "recall": recall_score(y_test, flagged)}
"""
SEEDED = CLEAN.replace("(y_test, scores)", "(y_test, flagged)")
NESTED = """
from sklearn.metrics import roc_auc_score

def report(model, X, y):
    print(roc_auc_score(y, model.predict_proba(X)[:, 1]))
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(
        Example(CLEAN, SEEDED),
        Example(NESTED, NESTED.replace("predict_proba(X)[:, 1]", "predict(X)")),
    ),
    refuses=(
        Refusal(SEEDED, "the metric gets decisions already"),
        Refusal(
            CLEAN.replace("    flagged", "    alerts", 1).replace("scores >=", "threshold <"),
            "no decisions made from these scores are at hand",
        ),
    ),
    find=find,
    proof=Proof(
        "metric blind",
        "The reported value differs from the metric of the scores and changes with the threshold.",
        shows=("hard-labels",),
    ),
)
