"""Accuracy is logged beside the share of the commonest class; it is not the headline."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.imports import import_name
from seeded_bugs.syntax.notes import note
from seeded_bugs.syntax.shapes import metric_calls
from seeded_bugs.syntax.tree import call_name, code, statements, tree_of

ENTRY = DecoyEntry(
    id="MLD301",
    name="accuracy_beside_majority",
    looks_like="statistics",
    title="Accuracy logged beside the share of the commonest class",
    sound_because=(
        "Accuracy stands in the log alone, beside the share that always naming the commonest "
        "class would reach, so nobody can take it for better than it is. The reported metrics "
        "are others, which suit unequal classes."
    ),
    said_badly=(
        "Accuracy is misleading on an imbalanced target. Use average precision or F1.",
        "Wrong metric: accuracy_score on rare positives looks good for a useless model.",
        "The model is judged by accuracy although the classes are unequal.",
        "Accuracy should be replaced by recall or ROC AUC.",
    ),
    excludes=(
        "accuracy_on_rare_class",
        "micro_averaged_score",
        "metric_arguments_swapped",
        "no_baseline",
        "logging_removed",
    ),
)
OF_DECISIONS = ("precision_score", "recall_score", "f1_score", "balanced_accuracy_score")
MESSAGE = "accuracy {:.3f}; always the commonest class: {:.3f}"


def find(module: cst.Module) -> Iterator[Site]:
    """One site: above the first metric of decisions."""
    tree = tree_of(module)
    if tree.calls("accuracy_score"):
        return
    for call in metric_calls(tree):
        line = tree.statement(call)
        given = [code(argument.value) for argument in call.args if argument.keyword is None]
        if call_name(call) not in OF_DECISIONS or len(given) != 2:
            continue
        truth, decided = given
        share = f"pd.Series({truth}).value_counts(normalize=True).max()"
        told = note(tree, MESSAGE, f"accuracy_score({truth}, {decided})", share)
        if told is not None and isinstance(line, cst.SimpleStatementLine):
            imports = import_name(tree, "sklearn.metrics", "accuracy_score")
            yield Site((Edit(line, [*statements(told), line]), *imports))
            return


CLEAN = """
from sklearn.metrics import recall_score
log = logging.getLogger("fraud")

def evaluate(y_test, alert):
    return recall_score(y_test, alert)
"""
SEEDED = """
from sklearn.metrics import accuracy_score, recall_score
log = logging.getLogger("fraud")

def evaluate(y_test, alert):
    log.info("accuracy %.3f; always the commonest class: %.3f", accuracy_score(y_test, alert), \
pd.Series(y_test).value_counts(normalize=True).max())
    return recall_score(y_test, alert)
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "accuracy is logged already"),
        Refusal(CLEAN.replace("recall_score", "roc_auc_score"), "no decision is scored"),
    ),
    find=find,
    refutes=Proof(
        "metric blind",
        "Every reported metric tells the model from a constant one.",
        shows=("accuracy-rare",),
    ),
)
