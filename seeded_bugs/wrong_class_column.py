"""Prediction takes the probability of the negative class for that of the positive one."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.predicting import Prediction, find_prediction
from seeded_bugs.syntax.task import has_several_classes
from seeded_bugs.syntax.tree import Tree, code, expression, tree_of

ENTRY = Entry(
    id="MLR805",
    name="wrong_class_column",
    category="serving",
    severity="critical",
    anchor="span",
    title="Column 0 of predict_proba taken for the positive class",
    wrong=(
        "The prediction way takes column 0 of predict_proba as the score. That column holds the "
        "probability of class 0, the negative one."
    ),
    harm=(
        "The served score is one minus the right one, so the ranking is turned around: the safest "
        "rows come first. The evaluation uses the right column and does not show it."
    ),
    fix=(
        "Take the column of the positive class, looked up in classes_, and use one function for "
        "it in training and prediction."
    ),
    said_well=(
        "predict_proba(...)[:, 0] is the probability of the negative class, so the scores are "
        "inverted; use column 1 or look it up in classes_.",
        "Wrong probability column in predict: 0 instead of 1.",
        "The evaluation takes [:, 1] but serving takes [:, 0], therefore production ranks "
        "everything the wrong way round.",
        "Index 0 belongs to class 0. The score written here is 1 - p(positive); take the positive "
        "class via pipeline.classes_.",
        "The served scores are flipped because the class order is mixed up - the output is the "
        "chance of the negative outcome.",
    ),
    near_misses=(
        "The class column should not be a magic index.",
        "ROC-AUC is computed from hard labels.",
        "The threshold in serving differs from the evaluation.",
    ),
    references=(
        "https://scikit-learn.org/stable/glossary.html#term-predict_proba",
        "https://scikit-learn.org/stable/glossary.html#term-classes_",
    ),
    identifiers=("predict_proba", "classes_"),
    elsewhere=("serve",),
    # MASKS: with the scores turned around, any cut gives odd decisions. SAME LINE: a failing
    # prediction is guarded on the line of the column.
    conflicts=("threshold_differs_in_serving", "failed_prediction_defaulted"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: where the prediction way takes the column, or calls the helper that does."""
    tree = tree_of(module)
    prediction = find_prediction(tree)
    if prediction is None or prediction.method != "predict_proba" or has_several_classes(tree):
        return
    if prediction.direct:
        column = _column(tree, prediction)
        if column is not None:
            yield Site((Edit(column, cst.Integer("0")),))
    elif prediction.target(tree) is not None:
        asked = f"{prediction.model}.predict_proba({prediction.rows})[:, 0]"
        yield Site((Edit(prediction.call, expression(asked)),))


def _column(tree: Tree, prediction: Prediction) -> cst.Integer | None:
    """Return the ``1`` of ``model.predict_proba(rows)[:, 1]``."""
    part = tree.parent(prediction.call)
    if not isinstance(part, cst.Subscript) or len(part.slice) != 2:
        return None
    last = part.slice[1].slice
    if isinstance(last, cst.Index) and isinstance(last.value, cst.Integer):
        return last.value if code(last.value) == "1" else None
    return None


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
SEEDED = """
def train(path):
    X = add_features(pd.read_csv(path))
    a, b = train_test_split(X, random_state=7)

def predict(path):
    model = joblib.load("model")
    rows = add_features(pd.read_csv(path))
    scores = model.predict_proba(rows)[:, 0]
    return scores
"""
CLEAN2 = """
def chances(model, X):
    return model.predict_proba(X)[:, list(model.classes_).index(1)]

def train(path):
    X = add_features(pd.read_csv(path))
    a, b = train_test_split(X, random_state=7)

def predict(path):
    model = joblib.load("model")
    rows = add_features(pd.read_csv(path))
    scores = chances(model, rows)
    return scores
"""
SEEDED2 = """
def chances(model, X):
    return model.predict_proba(X)[:, list(model.classes_).index(1)]

def train(path):
    X = add_features(pd.read_csv(path))
    a, b = train_test_split(X, random_state=7)

def predict(path):
    model = joblib.load("model")
    rows = add_features(pd.read_csv(path))
    scores = model.predict_proba(rows)[:, 0]
    return scores
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(CLEAN2, SEEDED2)),
    refuses=(
        Refusal(SEEDED, "the wrong column is taken already"),
        Refusal("scores = model.predict_proba(rows)[:, 1]\n", "nothing is served"),
    ),
    find=find,
    proof=Proof(
        "serve skew",
        "For the same rows, the served score is one minus the model's probability of the positive "
        "class.",
        shows=("skew:class",),
        also=("optimistic",),
    ),
)
