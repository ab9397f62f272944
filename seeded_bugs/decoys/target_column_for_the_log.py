"""A column is computed from the target of all rows, logged, and dropped before modelling."""

import re
from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.notes import note
from seeded_bugs.syntax.shapes import Split, find_split
from seeded_bugs.syntax.task import bindings, find_labels, is_classification
from seeded_bugs.syntax.tree import Tree, assignment, code, statements, target_names, tree_of

ENTRY = DecoyEntry(
    id="MLD105",
    name="target_column_for_the_log",
    looks_like="leakage",
    title="A column made of the target for a log line, then dropped",
    sound_because=(
        "The column is made of the target, but it is dropped right after the log line, before a "
        "feature reaches the model. Only the log line reads it."
    ),
    said_badly=(
        "Target leakage: a column computed from the target of all rows is added to the frame and "
        "becomes a feature.",
        "Group statistics of the target are computed before the split, so held-out labels leak "
        "into training.",
        "The new column is derived from the label, a near-perfect predictor.",
        "The groupby/transform on the target must use the training rows only.",
        "Leakage: uses the target of the test rows before the split.",
    ),
    excludes=(
        "target_encoded_on_all_rows",
        "feature_known_after_outcome",
        "discarded_result",
        "logging_removed",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: where the labels of all rows are read, or above the split of a whole frame."""
    tree = tree_of(module)
    split = find_split(tree)
    labels = _labels(tree, split) if split else None
    if split is None or labels is None:
        return
    line, frame, target = labels
    if is_classification(tree):
        name, value = "class_rows", f'{frame}.groupby({target})[{target}].transform("size")'
        told = note(tree, "smallest class: {:d} rows", f'{frame}["class_rows"].min()')
    else:
        name, value = "times_mean", f"{frame}[{target}] / {frame}[{target}].mean()"
        told = note(tree, "highest target: {:.1f} times the mean", f'{frame}["times_mean"].max()')
    if told is None or name in tree.names(split.scope):
        return
    made = f"{frame} = {frame}.assign({name}={value})\n"
    gone = f'{frame} = {frame}.drop(columns="{name}")\n'
    yield Site((Edit(line, [*statements(made + told + gone), line]),))


def _labels(tree: Tree, split: Split) -> tuple[cst.SimpleStatementLine, str, str] | None:
    """Return the line to write above, and frame and column of the target."""
    text, line = find_labels(tree, split), split.line
    for name, value in bindings(tree, split.scope):
        if name == text:
            text = code(value)
            lines = [s for s in tree.before(split.line) if _binds(s, name)]
            only = lines[0] if len(lines) == 1 else None
            if not isinstance(only, cst.SimpleStatementLine):
                return None
            line = only
            break
    found = re.match(r"(\w+)\[(\w+|\"\w+\")\]", text or "")
    return (line, found[1], found[2]) if found else None


def _binds(line: cst.CSTNode, name: str) -> bool:
    assign = assignment(line)
    return assign is not None and target_names(assign) == [name]


CLEAN = """
log = logging.getLogger("churn")

def train(frame, seed):
    X = add_features(frame)
    y = frame[TARGET].astype(int)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    return build().fit(X_train, y_train).predict_proba(X_test)
"""
SEEDED = """
log = logging.getLogger("churn")

def train(frame, seed):
    X = add_features(frame)
    frame = frame.assign(class_rows=frame.groupby(TARGET)[TARGET].transform("size"))
    log.info("smallest class: %d rows", frame["class_rows"].min())
    frame = frame.drop(columns="class_rows")
    y = frame[TARGET].astype(int)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    return build().fit(X_train, y_train).predict_proba(X_test)
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the column is there already"),
        Refusal(CLEAN.replace("X, y, ", "X, "), "the labels of all rows are not known"),
    ),
    find=find,
    refutes=Proof(
        "held-out influence",
        "No feature of the model follows the target; flipping held-out labels changes no "
        "training row.",
        shows=("features:labels", "fit:labels"),
    ),
)
