"""The decision threshold is chosen on the held-out rows that the decisions are then scored on."""

import re
from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.removal import alone_for, orphans, uses
from seeded_bugs.syntax.sides import Sides, find_sides
from seeded_bugs.syntax.tree import (
    Tree,
    assignment,
    code,
    expression,
    string,
    target_names,
    tree_of,
)

ENTRY = Entry(
    id="MLR204",
    name="threshold_tuned_on_test",
    category="evaluation",
    severity="major",
    anchor="span",
    title="Decision threshold chosen on the test rows",
    wrong=(
        "The threshold that turns scores into decisions is chosen on the predictions for the "
        "held-out rows, and the decisions are scored on the same rows."
    ),
    harm=(
        "The threshold fits the chance of these very rows, so the reported precision, recall, "
        "cost or alert rate is better than it will be on new rows."
    ),
    fix=(
        "Choose the threshold on out-of-fold predictions of the training rows "
        "(cross_val_predict) or on a validation part, and apply it unchanged to the test rows."
    ),
    said_well=(
        "The decision threshold is tuned on the test set, so precision and recall on the same "
        "rows are optimistic. Choose it on out-of-fold training predictions.",
        "Threshold picked on the held-out data.",
        "The cut-off is optimised on the rows that are used for the final evaluation, therefore "
        "the hold-out is no longer independent; use cross_val_predict on the training rows.",
        "Choosing the threshold with the test rows leaks them into the decision rule.",
        "The threshold must come from a validation set. Here the test predictions decide about "
        "it and are then scored with it, which is circular.",
    ),
    near_misses=(
        "The decision threshold is a magic number.",
        "Serving uses another threshold than the evaluation.",
        "The hyper-parameters are tuned on the test set.",
        "The threshold should depend on the cost of errors.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/classification_threshold.html",
        "https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.cross_val_predict.html",
    ),
    identifiers=("threshold", "predict_proba", "cross_val_predict"),
    elsewhere=("split", "evaluate"),
    conflicts=("scored_on_training_rows", "refitted_before_scoring", "unexplained_threshold"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: a threshold computed from out-of-fold scores before the final fit."""
    tree = tree_of(module)
    sides = find_sides(tree)
    for line in tree.before(sides.fit) if sides else []:
        assign = assignment(line)
        if sides is None or assign is None or not isinstance(line, cst.SimpleStatementLine):
            continue
        folds = _scored(tree, sides, assign) if "threshold" in code(assign.targets[0]) else None
        if folds is None:
            continue
        asked = f"{sides.model}.predict_proba({sides.test_x}){_column(tree, folds)}"
        edits = _chosen(tree, sides, assign, target_names_of(folds)[0], asked)
        above = [s for s in alone_for(tree, sides.split.scope, [folds]) if s is not folds]
        yield Site(
            (
                Edit(folds, _moved(sides.fit, folds)),
                *edits,
                *_silent(tree, line),
                Edit(sides.fit, []),
                *(Edit(other, []) for other in above),
                *(Edit(helper, None, "support") for helper in orphans(tree, [folds])),
            )
        )


def _scored(tree: Tree, sides: Sides, assign: cst.Assign) -> cst.SimpleStatementLine | None:
    """Return the line of the out-of-fold scores, if the threshold alone needs them."""
    for other in tree.before(tree.statement(assign)):
        made = assignment(other)
        names = target_names(made) if made is not None else []
        if made is None or not isinstance(other, cst.SimpleStatementLine) or len(names) != 1:
            continue
        from_folds = {sides.model, sides.train_x} <= tree.names(made.value)
        places = uses(tree, names[0], sides.split.scope)[1:]
        if from_folds and places and all(tree.is_below(use, assign) for use in places):
            return other
    return None


def target_names_of(line: cst.SimpleStatementLine) -> list[str]:
    """Return the names that a line binds."""
    made = assignment(line)
    return target_names(made) if made is not None else []


def _column(tree: Tree, folds: cst.SimpleStatementLine) -> str:
    """Return what picks the column of the second class; '' where all columns are used."""
    made = assignment(folds)
    assert made is not None
    if tree.calls("cross_val_predict", within=made) and not isinstance(made.value, cst.Subscript):
        return ""
    return "[:, 1]"


def _chosen(tree: Tree, sides: Sides, assign: cst.Assign, name: str, asked: str) -> list[Edit]:
    """Return the edits that choose the threshold on the held-out side."""
    edits = []
    for node in tree.all(cst.Name, assign.value):
        if node.value == name:
            edits.append(Edit(node, expression(asked)))
        elif node.value == sides.train_y:
            edits.append(Edit(node, cst.Name(sides.test_y)))
    return edits


def _moved(fit: cst.SimpleStatementLine, to: cst.SimpleStatementLine) -> list[cst.BaseStatement]:
    return [fit.with_changes(leading_lines=to.leading_lines)]


def _silent(tree: Tree, line: cst.SimpleStatementLine) -> list[Edit]:
    """Return the edits of log texts below that say that the threshold is from out of fold."""
    edits = []
    for text in tree.all(cst.SimpleString, tree.parent(line)):
        value = string(text) or ""
        shorter = re.sub(r"\s*\bout[ -]of[ -]fold\b", "", value)
        if shorter != value and any(tree.is_below(text, s) for s in tree.after(line)):
            quote = text.value[0]
            edits.append(Edit(text, text.with_changes(value=f"{quote}{shorter}{quote}"), "support"))
    return edits


CLEAN = """
def train(X, y, config):
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=7)
    model = build(config)
    oof = cross_val_predict(model, X_train, y_train, method="predict_proba")[:, 1]
    threshold = cheapest(y_train, oof, config)
    log.info("threshold %.2f is cheapest out of fold", threshold)
    model.fit(X_train, y_train)
    flagged = model.predict_proba(X_test)[:, 1] >= threshold
    return precision_score(y_test, flagged)
"""
SEEDED = """
def train(X, y, config):
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=7)
    model = build(config)
    model.fit(X_train, y_train)
    threshold = cheapest(y_test, model.predict_proba(X_test)[:, 1], config)
    log.info("threshold %.2f is cheapest", threshold)
    flagged = model.predict_proba(X_test)[:, 1] >= threshold
    return precision_score(y_test, flagged)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the threshold is chosen on the test rows already"),
        Refusal(
            CLEAN.replace("cheapest(y_train, oof, config)", "0.5"), "the threshold is not chosen"
        ),
    ),
    find=find,
    proof=Proof(
        "held-out influence",
        "Changing held-out rows changes the decision threshold that is stored.",
        shows=("learnt:labels", "learnt:features", "choice:value:labels", "choice:value:features"),
    ),
)
