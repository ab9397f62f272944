"""The score on the training rows is logged beside the held-out one."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.imported import imported
from seeded_bugs.syntax.notes import note
from seeded_bugs.syntax.parts import Fit, find_fit
from seeded_bugs.syntax.task import has_several_classes, is_classification
from seeded_bugs.syntax.tree import Tree, statements, tree_of

ENTRY = DecoyEntry(
    id="MLD201",
    name="training_score_logged",
    looks_like="evaluation",
    title="Score on the training rows logged beside the held-out one",
    sound_because=(
        "The figure is logged as the score on the training rows and is not among the reported "
        "metrics. Beside the held-out score it shows how far the model overfits. The reported "
        "scores come from the held-out rows."
    ),
    said_badly=(
        "The model is evaluated on the training data, so the score is far too optimistic.",
        "No hold-out: the metric is computed on the rows the model was fitted on.",
        "The score must be computed on the test set, not on the training set.",
        "Overfitting goes unnoticed because predictions are made on training rows.",
    ),
    excludes=(
        "scored_on_training_rows",
        "refitted_before_scoring",
        "metric_arguments_swapped",
        "auc_from_hard_labels",
        "micro_averaged_score",
        "logging_removed",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: below the fit, for a classifier whose metric is imported."""
    tree = tree_of(module)
    fit = find_fit(tree)
    metric = _metric(tree, fit) if fit else None
    if fit is None or metric is None or "on_train" in tree.names(tree.scope(fit.line)):
        return
    what, value = metric
    line = note(tree, f"{what} on the training rows: {{:.3f}}", "on_train")
    if line is not None:
        added = statements(f"on_train = {value}\n{line}")
        yield Site((Edit(fit.line, [fit.line, *added]),))


def _metric(tree: Tree, fit: Fit) -> tuple[str, str] | None:
    """Return what the task's own metric is called, and the expression for the training rows."""
    metrics, model = imported(tree, "sklearn.metrics"), fit.model
    rows, labels = fit.features.name, fit.labels.name
    if not is_classification(tree):
        return None
    if has_several_classes(tree):
        value = f'f1_score({labels}, {model}.predict({rows}), average="macro")'
        return ("macro F1", value) if "f1_score" in metrics else None
    value = f"roc_auc_score({labels}, {model}.predict_proba({rows})[:, 1])"
    return ("ROC AUC", value) if "roc_auc_score" in metrics else None


CLEAN = """
from sklearn.metrics import roc_auc_score
log = logging.getLogger("churn")

def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    pipeline = build()
    pipeline.fit(X_train, y_train)
    return roc_auc_score(y_test, pipeline.predict_proba(X_test)[:, 1])
"""
SEEDED = """
from sklearn.metrics import roc_auc_score
log = logging.getLogger("churn")

def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    pipeline = build()
    pipeline.fit(X_train, y_train)
    on_train = roc_auc_score(y_train, pipeline.predict_proba(X_train)[:, 1])
    log.info("ROC AUC on the training rows: %.3f", on_train)
    return roc_auc_score(y_test, pipeline.predict_proba(X_test)[:, 1])
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the score is logged already"),
        Refusal(CLEAN.replace("predict_proba(X_test)[:, 1]", "predict(X_test)"), "no classifier"),
    ),
    find=find,
    refutes=Proof("overlap", "The reported scores hold on fresh rows.", shows=("scored-learnt",)),
)
