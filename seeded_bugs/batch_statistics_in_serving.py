"""Prediction fills gaps with the mean of the incoming rows instead of what training stored."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.predicting import find_prediction, line_of
from seeded_bugs.syntax.shapes import find_columns
from seeded_bugs.syntax.tree import code, tree_of

ENTRY = Entry(
    id="MLR803",
    name="batch_statistics_in_serving",
    category="serving",
    severity="major",
    anchor="span",
    title="Prediction fills gaps with statistics of the incoming batch",
    wrong=(
        "In prediction, missing numbers are filled with the mean of the rows that are to be "
        "scored. The imputer that was fitted in training never sees a gap."
    ),
    harm=(
        "A row's score depends on the other rows of its batch, and differs from what training "
        "would have filled in. The same row sent alone gets another score."
    ),
    fix=(
        "Leave the gaps to the imputer of the stored pipeline, which holds the training statistics."
    ),
    said_well=(
        "fillna with the batch mean at prediction time: training used the fitted imputer, so the "
        "same row gets different scores in different batches. Use the stored statistics.",
        "Missing values are imputed with statistics of the incoming data.",
        "The mean is computed on the serving batch and not on the training set, which is "
        "train/serve skew; let the pipeline's imputer handle the NaN.",
        "For a batch of one row this mean is NaN. Imputation values must come from training.",
        "Why fill here? The saved pipeline imputes already, and with another value than this "
        "batch average.",
    ),
    near_misses=(
        "The imputer is fitted on all rows before the split.",
        "Missing values are replaced by zero.",
        "The scaler is fitted again in predict.",
    ),
    references=(
        "https://scikit-learn.org/stable/common_pitfalls.html#inconsistent-preprocessing",
        "https://developers.google.com/machine-learning/guides/rules-of-ml#training-serving_skew",
    ),
    identifiers=("fillna", "mean"),
    elsewhere=("serve",),
    # MASKS: where no gap is left, or the score hangs on the batch anyway, this one is not seen.
    conflicts=("refitted_in_serving", "missing_filled_with_zero", "imputer_fitted_before_split"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: above the line that asks the model, on its numeric columns."""
    tree = tree_of(module)
    prediction, numeric = find_prediction(tree), find_columns(tree, "NUM")
    if prediction is None or numeric is None or tree.calls("fillna", within=prediction.line):
        return
    rows = f"{prediction.frame}[{numeric.name}]"
    filled = line_of(f"{rows} = {rows}.fillna({rows}.mean())")
    if all(code(line).strip() != code(filled).strip() for line in tree.before(prediction.line)):
        yield Site((Edit(prediction.line, prediction.first(filled)),))


CLEAN = """
NUM_COLUMNS = ["age", "income"]

def train(path):
    X = add_features(pd.read_csv(path))
    a, b = train_test_split(X, random_state=7)

def predict(path):
    model = joblib.load("model")
    rows = add_features(pd.read_csv(path))
    scores = model.predict(rows)
    return scores
"""
SEEDED = """
NUM_COLUMNS = ["age", "income"]

def train(path):
    X = add_features(pd.read_csv(path))
    a, b = train_test_split(X, random_state=7)

def predict(path):
    model = joblib.load("model")
    rows = add_features(pd.read_csv(path))
    rows[NUM_COLUMNS] = rows[NUM_COLUMNS].fillna(rows[NUM_COLUMNS].mean())
    scores = model.predict(rows)
    return scores
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the batch is filled already"),
        Refusal("scores = model.predict(rows)\n", "the numeric columns are not known"),
    ),
    find=find,
    proof=Proof(
        "serve skew",
        "A row with a gap gets different scores in two different batches; in the clean program "
        "it does not.",
        shows=("skew:batch-gaps",),
        also=(
            "optimistic",
            "skew:batch",
            "skew:features",
        ),
    ),
)
