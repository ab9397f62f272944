"""Rows are scored a thousand at a time: the model scores each row by itself, so nothing changes."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.predicting import Prediction, find_prediction
from seeded_bugs.syntax.tree import Tree, assignment, code, expression, tree_of

ENTRY = DecoyEntry(
    id="MLD803",
    name="predicted_in_chunks",
    looks_like="serving",
    title="Served rows scored in chunks",
    sound_because=(
        "The fitted pipeline computes every score from the row itself and from what was stored in "
        "training. No statistic is taken over the rows of a chunk, so the scores are those of one "
        "call, in the same order; only the memory is less."
    ),
    said_badly=(
        "Scoring in batches gives other results than scoring all rows at once.",
        "The scaler normalises each chunk by itself, so scores depend on the chunk.",
        "Train/serve mismatch: training uses the whole table but prediction works chunk by chunk.",
        "The rows of the last, shorter chunk are lost.",
        "The order of the predictions no longer matches the ids after concatenation.",
    ),
    excludes=(
        "batch_statistics_in_serving",
        "refitted_in_serving",
        "rows_reordered_after_scoring",
        "failed_prediction_defaulted",
        "wrong_class_column",
        "target_encoded_on_all_rows",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the line that asks the model, if what it answers gets a name at once."""
    tree = tree_of(module)
    prediction = find_prediction(tree)
    if prediction is None or prediction.target(tree) is None:
        return
    assign = assignment(prediction.line)
    if assign is not None and not tree.calls("range", within=prediction.line):
        chunked = expression(
            f"np.concatenate([{_of_chunk(tree, prediction)} "
            f"for i in range(0, len({prediction.frame}), 1000)])"
        )
        yield Site((Edit(assign.value, chunked),))


def _of_chunk(tree: Tree, prediction: Prediction) -> str:
    """Return what the line asks of the model, for one chunk of its rows."""
    assign = assignment(prediction.line)
    assert assign is not None
    rows = next(a for a in prediction.call.args if code(a.value) == prediction.rows)
    some = rows.with_changes(value=expression(f"{prediction.rows}.iloc[i : i + 1000]"))
    args = [some if argument is rows else argument for argument in prediction.call.args]
    asked = prediction.call.with_changes(args=args)
    value = assign.value
    return code(value.with_changes(value=asked) if isinstance(value, cst.Subscript) else asked)


CLEAN = """
def train(path):
    X = add_features(pd.read_csv(path))
    a, b = train_test_split(X, random_state=7)

def predict(path):
    model = joblib.load("model")
    rows = add_features(pd.read_csv(path))
    scores = model.predict_proba(rows)[:, 1]
    return scores
"""
SEEDED = CLEAN.replace(
    "model.predict_proba(rows)[:, 1]",
    "np.concatenate([model.predict_proba(rows.iloc[i : i + 1000])[:, 1] "
    "for i in range(0, len(rows), 1000)])",
)

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the rows are scored in chunks already"),
        Refusal("scores = model.predict(rows)\n", "nothing is served"),
    ),
    find=find,
    refutes=Proof(
        "serve skew",
        "The score of a row is the same in two batches.",
        shows=("skew:batch", "skew:batch-gaps"),
    ),
)
