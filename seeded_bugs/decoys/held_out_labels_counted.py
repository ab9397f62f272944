"""The labels of both parts are summed up in the log, right after the split."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.notes import note
from seeded_bugs.syntax.parts import find_fit
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.task import is_classification
from seeded_bugs.syntax.tree import statements, tree_of

ENTRY = DecoyEntry(
    id="MLD203",
    name="held_out_labels_counted",
    looks_like="evaluation",
    title="Labels of both parts compared in the log",
    sound_because=(
        "The line only writes one figure of either part to the log, to show that the parts are "
        "alike. No step of training and no choice reads it, so the held-out labels influence "
        "nothing."
    ),
    said_badly=(
        "The test labels are looked at before the model is trained: leakage of the held-out set.",
        "y_test must not be touched before the final evaluation.",
        "Statistics of the held-out target are used in training.",
        "The test set is reused, so the score is no longer that of unseen rows.",
    ),
    excludes=(
        "tuned_on_test_set",
        "threshold_tuned_on_test",
        "best_score_reported",
        "logging_removed",
    ),
)
CLASSES = "commonest class: {:.3f} of the training rows, {:.3f} of the held-out rows"
NUMBERS = "mean target: {:.2f} in the training rows, {:.2f} in the held-out rows"


def find(module: cst.Module) -> Iterator[Site]:
    """One site: below the split."""
    tree = tree_of(module)
    fit, split = find_fit(tree), find_split(tree)
    if fit is None or split is None:
        return
    classes = is_classification(tree)
    figure = "value_counts(normalize=True).max()" if classes else "mean()"
    values = [f"{part}.{figure}" for part in (fit.labels.train, fit.labels.test)]
    line = note(tree, CLASSES if classes else NUMBERS, *values)
    below = tree.after(split.line)
    if line is None or any("held-out rows" in tree.module.code_for_node(s) for s in below[:3]):
        return
    yield Site((Edit(split.line, [split.line, *statements(line)]),))


CLEAN = """
log = logging.getLogger("demand")

def train(hours):
    past, future = split_by_time(hours, 0.2)
    X_past, y_past = past[FEATURES], past[TARGET]
    X_future, y_future = future[FEATURES], future[TARGET]
    model = build()
    model.fit(X_past, y_past)
"""
SEEDED = """
log = logging.getLogger("demand")

def train(hours):
    past, future = split_by_time(hours, 0.2)
    log.info("mean target: %.2f in the training rows, %.2f in the held-out rows", \
past[TARGET].mean(), future[TARGET].mean())
    X_past, y_past = past[FEATURES], past[TARGET]
    X_future, y_future = future[FEATURES], future[TARGET]
    model = build()
    model.fit(X_past, y_past)
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the labels are compared already"),
        Refusal(CLEAN.replace("model.fit(X_past, y_past)", "pass"), "the labels are not known"),
    ),
    find=find,
    refutes=Proof(
        "held-out influence",
        "Flipping held-out labels changes no choice of training.",
        shows=("features:labels", "fit:labels"),
    ),
)
