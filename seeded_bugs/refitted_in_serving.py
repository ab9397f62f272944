"""Prediction fits the stored scaler again, on whatever rows have just come in."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.numeric_steps import find_numeric_steps
from seeded_bugs.syntax.predicting import find_prediction, line_of
from seeded_bugs.syntax.tree import tree_of

ENTRY = Entry(
    id="MLR802",
    name="refitted_in_serving",
    category="serving",
    severity="critical",
    anchor="span",
    title="Transformer refitted on the prediction batch",
    wrong=(
        "Before predicting, the scaler of the stored pipeline is fitted again on the rows that "
        "are to be scored."
    ),
    harm=(
        "The model was trained on features scaled with the training mean and spread and now gets "
        "others. A row's score depends on which rows come with it, and a batch of one row is "
        "scaled to zero."
    ),
    fix="Only transform in prediction: use the fitted pipeline as it was stored, never fit it.",
    said_well=(
        "The scaler is refitted on the incoming batch, so predictions depend on the other rows of "
        "the batch; only call transform with the stored parameters.",
        "Never call fit in predict - the transformer must keep what it learnt in training.",
        "Train/serve skew: fit on serving data replaces the training mean and std, therefore the "
        "same customer gets a different score in every batch.",
        "fit() at inference time. Use the persisted statistics instead.",
        "Scoring a single row would standardise it to all zeros because the scaler is fitted on "
        "the prediction data; drop the fit.",
    ),
    near_misses=(
        "The scaler is fitted on all rows before the split.",
        "Missing values are filled with the mean of the batch.",
        "The model should be retrained regularly.",
    ),
    references=("https://scikit-learn.org/stable/common_pitfalls.html#inconsistent-preprocessing",),
    identifiers=("fit", "transform", "scaler", "named_steps"),
    elsewhere=("serve",),
    # MASKS: both make a row's score hang on its batch; and both want the step in the pipeline.
    conflicts=("batch_statistics_in_serving", "scaler_fitted_before_split"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: above the line that asks the model, where its numeric steps can be reached."""
    tree = tree_of(module)
    prediction, steps = find_prediction(tree), find_numeric_steps(tree)
    if prediction is None or steps is None or tree.calls("fit", within=prediction.line):
        return
    before = tree.before(prediction.line)
    if any(tree.calls("fit", within=line) for line in before):
        return
    rows = f"{prediction.frame}[{steps.columns}]"
    fitted = (
        line_of(f"numeric = {prediction.model}{steps.path}"),
        line_of(f"numeric[-1].fit(numeric[:-1].transform({rows}))"),
    )
    yield Site((Edit(prediction.line, prediction.first(*fitted)),))


CLEAN = """
NUM_COLUMNS = ["age", "income"]
CAT_COLUMNS = ["city"]

def build():
    numeric = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
    parts = ColumnTransformer([("num", numeric, NUM_COLUMNS), ("cat", encode(), CAT_COLUMNS)])
    return Pipeline([("parts", parts), ("model", LogisticRegression())])

def train(path):
    X = add_features(pd.read_csv(path))
    a, b = train_test_split(X, random_state=7)

def predict(path):
    bundle = joblib.load("model")
    rows = add_features(pd.read_csv(path))
    scores = bundle["pipeline"].predict(rows)
    return scores
"""
SEEDED = """
NUM_COLUMNS = ["age", "income"]
CAT_COLUMNS = ["city"]

def build():
    numeric = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
    parts = ColumnTransformer([("num", numeric, NUM_COLUMNS), ("cat", encode(), CAT_COLUMNS)])
    return Pipeline([("parts", parts), ("model", LogisticRegression())])

def train(path):
    X = add_features(pd.read_csv(path))
    a, b = train_test_split(X, random_state=7)

def predict(path):
    bundle = joblib.load("model")
    rows = add_features(pd.read_csv(path))
    numeric = bundle["pipeline"].named_steps["parts"].named_transformers_["num"]
    numeric[-1].fit(numeric[:-1].transform(rows[NUM_COLUMNS]))
    scores = bundle["pipeline"].predict(rows)
    return scores
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the scaler is refitted already"),
        Refusal("scores = model.predict(rows)\n", "the steps of the model are not known"),
    ),
    find=find,
    proof=Proof(
        "serve skew",
        "The same row gets different scores in two different batches; in the clean program it "
        "does not.",
        shows=("skew:batch",),
        also=(
            "optimistic",
            "skew:batch-gaps",
            "skew:features",
            "skew:order",
            "skew:spelling",
        ),
    ),
)
