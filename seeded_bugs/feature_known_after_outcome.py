"""A column that is filled in after the outcome is one of the features."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.preparation import appended
from seeded_bugs.syntax.shapes import Columns, find_columns
from seeded_bugs.syntax.tree import (
    Tree,
    assignment,
    code,
    expression,
    keyword,
    target_names,
    tree_of,
)

ENTRY = Entry(
    id="MLR107",
    name="feature_known_after_outcome",
    category="leakage",
    severity="critical",
    anchor="span",
    title="A column recorded after the outcome is used as a feature",
    wrong=(
        "The list of features holds a column that is only filled in once the outcome is known. "
        "When a prediction is due, the column is empty or zero."
    ),
    harm=(
        "The column is the target in disguise: the model learns to read the answer from it, and "
        "the held-out score is close to perfect. In use the column says nothing yet, so the "
        "predictions are nearly worthless."
    ),
    fix=(
        "Use only columns that are known at the time of the prediction. Take this one out of the "
        "features, and drop it where the file is read."
    ),
    said_well=(
        "This column is only known after the outcome, so it leaks the target into the features; "
        "drop it before training.",
        "Target leakage: a feature recorded after the event.",
        "The feature is a proxy for the label. It will be zero or missing at prediction time, so "
        "the near-perfect score cannot be reached in production.",
        "Not available at scoring time -> remove it from the feature list.",
        "One of the numeric columns is filled in as a consequence of what is to be predicted; the "
        "model reads the answer from it, therefore the hold-out metric is far too good.",
        "Check when each column becomes known: this one is booked later than the prediction and "
        "must not be a model input.",
    ),
    near_misses=(
        "The mean of the target by group is used as a feature.",
        "The target column itself is still in X.",
        "This feature is strongly correlated with another one.",
        "The rows of the test period are used for training.",
    ),
    references=(
        "https://doi.org/10.1145/2382577.2382579",
        "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage",
    ),
    identifiers=("drop", "columns", "features"),
    elsewhere=("fit",),
    # MASKS: beside a column that tells the outcome no other leak or bad choice moves the score.
    conflicts=(
        "features_selected_before_split",
        "resampled_before_split",
        "target_encoded_on_all_rows",
        "shuffled_time_split",
        "feature_looks_ahead",
        "tuned_on_test_set",
        "threshold_tuned_on_test",
        "best_score_reported",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the numeric list, where a list of late columns is dropped in one place."""
    tree = tree_of(module)
    late, numeric = find_columns(tree, "AFTER", "LATER", "POST"), find_columns(tree, "NUM")
    if late is None or numeric is None or not numeric.values:
        return
    dropping = _dropping(tree, late)
    if dropping is None:
        return
    yield Site(
        (
            Edit(numeric.literal, appended(numeric.literal, *late.values)),
            Edit(late.line, None, "support"),
            dropping,
        )
    )


def _dropping(tree: Tree, late: Columns) -> Edit | None:
    """Return the edit that keeps the late columns; None where more than one line names them."""
    uses = [n for n in tree.all(cst.Name) if n.value == late.name]
    for call in tree.calls("drop") if len(uses) == 2 else []:
        columns, line = keyword(call, "columns"), tree.statement(call)
        assign = assignment(line)
        if columns is None or code(columns.value) != late.name or assign is None:
            continue
        source = call.func.value if isinstance(call.func, cst.Attribute) else None
        if assign.value is not call or not isinstance(source, cst.Name):
            continue
        if _is_given(tree, source.value, line):
            # Dropping made the copy that the function works on; it must stay one.
            return Edit(call, expression(f"{source.value}.copy()"), "support")
        return Edit(line, None, "support") if target_names(assign) == [source.value] else None
    return None


def _is_given(tree: Tree, name: str, line: cst.CSTNode) -> bool:
    """Tell whether a name is still the caller's table at the line: a parameter, not bound anew."""
    function = tree.function(line)
    if function is None or name not in {p.name.value for p in function.params.params}:
        return False
    for other in tree.all(cst.SimpleStatementLine, function):
        if other is line:
            return True
        assign = assignment(other)
        if assign is not None and name in target_names(assign):
            return not isinstance(assign.value, cst.Call)
    return True


CLEAN = """
NUM_COLUMNS = ["tenure", "charge"]
# Filled in by the desk that handles notices.
KNOWN_LATER = ["exit_calls"]

def add_features(rows):
    rows = rows.drop(columns=KNOWN_LATER, errors="ignore")
    rows["ratio"] = rows["charge"] / rows["tenure"]
    return rows
"""
SEEDED = """
NUM_COLUMNS = ["tenure", "charge", "exit_calls"]

def add_features(rows):
    rows = rows.copy()
    rows["ratio"] = rows["charge"] / rows["tenure"]
    return rows
"""
READ = """
NUM_COLUMNS = [
    "amount",
    "limit",
]
AFTER_OUTCOME = ["chargeback"]

def read(path):
    rows = pd.read_csv(path).drop_duplicates()
    rows = rows.drop(columns=AFTER_OUTCOME, errors="ignore")
    return rows
"""
READ_SEEDED = """
NUM_COLUMNS = [
    "amount",
    "limit",
    "chargeback",
]

def read(path):
    rows = pd.read_csv(path).drop_duplicates()
    return rows
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(READ, READ_SEEDED)),
    refuses=(
        Refusal(SEEDED, "no list names columns that come too late"),
        Refusal(
            CLEAN + "\nprint(KNOWN_LATER)\n",
            "the list is used elsewhere too, so it cannot go",
        ),
    ),
    find=find,
    proof=Proof(
        "target in disguise",
        "One feature alone predicts the target almost perfectly, and blanking it, as it is when a "
        "prediction is due, makes the score collapse.",
        shows=("late",),
        also=("optimistic",),
    ),
)
