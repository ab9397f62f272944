"""Prediction computes a feature by another formula than training did."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.features import Derived, column_name, derived, is_bound
from seeded_bugs.syntax.predicting import line_of, stacked
from seeded_bugs.syntax.shapes import Serving, find_columns, find_serving
from seeded_bugs.syntax.tree import Tree, assignment, call_name, code, tree_of

ENTRY = Entry(
    id="MLR801",
    name="feature_differs_in_serving",
    category="serving",
    severity="critical",
    anchor="span",
    title="Feature computed differently in prediction than in training",
    wrong=(
        "The prediction way overwrites a derived feature with another formula than the one the "
        "model was trained on."
    ),
    harm=(
        "For the same row the model sees another number in production than it saw in training, so "
        "its scores are off. The hold-out score does not show it, as it uses the training formula."
    ),
    fix=(
        "Compute every feature in one shared function that both training and prediction call, and "
        "test that one row gives the same vector on both ways."
    ),
    said_well=(
        "Training/serving skew: this feature is recomputed with a different formula at prediction "
        "time, so the model gets values on another scale. Use the shared feature function only.",
        "The feature is not the same here as in training.",
        "predict overrides a column that add_features has already computed, and not in the same "
        "way; the served scores will not match the reported quality. Remove this line.",
        "Train-serve mismatch - same column name, different definition in train and predict.",
        "This transformation was never applied to the training data, therefore the inference "
        "inputs differ from what the model learnt; put it into the common feature code.",
    ),
    near_misses=(
        "The feature code is duplicated in train and predict.",
        "The scaler is refitted at prediction time.",
        "The prediction uses another threshold than the evaluation.",
    ),
    references=(
        "https://developers.google.com/machine-learning/guides/rules-of-ml#training-serving_skew",
    ),
    identifiers=("log10", "log1p", "features"),
    elsewhere=("serve",),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site for each derived column that serving can compute once more, another way."""
    tree = tree_of(module)
    serving = find_serving(tree)
    for column in derived(tree) if serving else ():
        other = _otherwise(tree, serving, column) if serving else None
        if serving is None or other is None or is_bound(tree, serving.scope, column.name):
            continue
        line = line_of(f'{serving.frame}["{column.name}"] = {other}')
        yield Site((Edit(serving.line, stacked([serving.line, line], serving.line)),))


def _otherwise(tree: Tree, serving: Serving, column: Derived) -> str | None:
    """Return another formula for a logarithm or a ratio; None for anything else."""
    value = column.value
    if isinstance(value, cst.Call) and call_name(value) == "log1p" and len(value.args) == 1:
        source = _served(tree, serving, value.args[0].value)
        return f"np.log10({source} + 1)" if source else None
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.Divide):
        above, below = (_served(tree, serving, node) for node in (value.left, value.right))
        return f"100 * {above} / {below}" if above and below else None
    return None


def _served(tree: Tree, serving: Serving, node: cst.BaseExpression) -> str | None:
    """Return ``rows["a"]`` for ``frame["a"]`` if serving still has that column."""
    name = column_name(node)
    assign = assignment(serving.line)
    if name is None or assign is None:
        return None
    numeric = find_columns(tree, "NUM")
    whole = not isinstance(assign.value, cst.Subscript)
    if not whole and (numeric is None or name not in numeric.values):
        return None
    assert isinstance(node, cst.Subscript)
    return serving.frame + code(node)[len(code(node.value)) :]


CLEAN = """
def add_features(df):
    df["log_age"] = np.log1p(df["age"])
    return df

def train(path):
    X = add_features(pd.read_csv(path))
    a, b = train_test_split(X, random_state=7)

def predict(path):
    rows = add_features(pd.read_csv(path))
    return joblib.load("model").predict(rows)
"""
SEEDED = """
def add_features(df):
    df["log_age"] = np.log1p(df["age"])
    return df

def train(path):
    X = add_features(pd.read_csv(path))
    a, b = train_test_split(X, random_state=7)

def predict(path):
    rows = add_features(pd.read_csv(path))
    rows["log_age"] = np.log10(rows["age"] + 1)
    return joblib.load("model").predict(rows)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "serving computes the column itself already"),
        Refusal('df["log_age"] = np.log1p(df["age"])\n', "nothing is served"),
    ),
    find=find,
    proof=Proof(
        "serve skew",
        "For the same rows, the features that prediction hands to the model differ from those of "
        "training.",
        shows=("skew:features",),
        also=("optimistic",),
    ),
)
