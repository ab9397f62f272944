"""The rows are put in another order after they were scored, and the scores are not."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.predicting import Prediction, find_prediction, line_of, stacked
from seeded_bugs.syntax.tree import Tree, call_name, tree_of

ENTRY = Entry(
    id="MLR807",
    name="rows_reordered_after_scoring",
    category="serving",
    severity="critical",
    anchor="span",
    title="Predictions written beside the wrong rows",
    wrong=(
        "After the model was asked, the table of rows is sorted by the scores, highest first. The "
        "array of scores keeps the old order, and both are put side by side by position."
    ),
    harm=(
        "Almost every identifier in the output carries the score of another row. The file looks "
        "well: the right ids, plausible values, the right count. Whoever acts on it acts on the "
        "wrong cases, and the held-out score says nothing about it."
    ),
    fix=(
        "Put the scores into the table first and sort the finished table, or give the scores the "
        "rows' index so that pandas aligns them."
    ),
    said_well=(
        "The rows are sorted after scoring but the scores array is not, so ids and predictions no "
        "longer belong together. Build the table first, then sort it.",
        "ids and scores are misaligned in the output.",
        "argsort reorders only the frame; the predictions are attached by position, therefore each "
        "id gets the score of some other row. Sort the result instead.",
        "Positional assignment after reordering: use pd.Series(scores, index=...) or sort the "
        "predictions frame at the end.",
        "The served scores end up next to the wrong rows because one of the two is permuted; "
        "every downstream decision is made for the wrong case.",
    ),
    near_misses=(
        "The output is not sorted.",
        "The column of the wrong class is used.",
        "The index is not reset before writing.",
        "The order of the feature columns may differ in serving.",
    ),
    references=(
        "https://pandas.pydata.org/docs/user_guide/dsintro.html#from-dict-of-ndarrays-lists",
        "https://numpy.org/doc/stable/reference/generated/numpy.argsort.html",
    ),
    identifiers=("argsort", "iloc", "DataFrame", "assign"),
    elsewhere=("serve",),
    # MASKS: the scores themselves are wrong already.
    conflicts=("wrong_class_column", "failed_prediction_defaulted"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: above the line that puts the rows and what the model said side by side."""
    tree = tree_of(module)
    prediction = find_prediction(tree)
    scores = prediction.target(tree) if prediction is not None else None
    if prediction is None or scores is None:
        return
    for line in tree.after(prediction.line):
        frame = _table(tree, line, scores) if isinstance(line, cst.SimpleStatementLine) else None
        if frame is None or not isinstance(line, cst.SimpleStatementLine):
            continue
        if not _is_reordered(tree, prediction, frame):
            ordered = line_of(f"{frame} = {frame}.iloc[np.argsort(-{scores})]")
            yield Site((Edit(line, stacked([ordered, line], line)),))
        return


def _table(tree: Tree, line: cst.SimpleStatementLine, scores: str) -> str | None:
    """Return the rows' name: ``DataFrame({"id": rows["id"], "s": scores})``, ``rows[..].assign``.

    Only a column taken as it is counts: it brings the index of the rows.
    """
    for call in tree.calls("DataFrame", "assign", within=line):
        if scores not in tree.names(call):
            continue
        table = call.args[0].value if call.args else None
        if call_name(call) == "assign" and isinstance(call.func, cst.Attribute):
            first: cst.BaseExpression | None = call.func.value
        elif isinstance(table, cst.Dict) and table.elements:
            first = table.elements[0].value
        else:
            continue
        if isinstance(first, cst.Subscript) and isinstance(first.value, cst.Name):
            return first.value.value
    return None


def _is_reordered(tree: Tree, prediction: Prediction, frame: str) -> bool:
    return any(
        {"argsort", frame} <= tree.names(line)
        for line in tree.after(prediction.line)
        if isinstance(line, cst.SimpleStatementLine)
    )


CLEAN = """
def train(path):
    X = add_features(pd.read_csv(path))
    a, b = train_test_split(X, random_state=7)

def predict(path):
    model = joblib.load("model")
    rows = add_features(pd.read_csv(path))
    scores = model.predict_proba(rows)[:, 1]
    result = pd.DataFrame({"id": rows["id"], "score": scores})
    return result
"""
SEEDED = """
def train(path):
    X = add_features(pd.read_csv(path))
    a, b = train_test_split(X, random_state=7)

def predict(path):
    model = joblib.load("model")
    rows = add_features(pd.read_csv(path))
    scores = model.predict_proba(rows)[:, 1]
    rows = rows.iloc[np.argsort(-scores)]
    result = pd.DataFrame({"id": rows["id"], "score": scores})
    return result
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the rows are in another order already"),
        Refusal(CLEAN.replace('"id": rows["id"], ', ""), "the scores stand alone"),
    ),
    find=find,
    proof=Proof(
        "serve skew",
        "The score written beside an identifier is not the one that the stored model gives to that "
        "row alone; in the clean program it is.",
        shows=("skew:rows", "skew:batch"),
        also=("optimistic", "skew:batch", "skew:batch-gaps", "skew:order"),
    ),
)
