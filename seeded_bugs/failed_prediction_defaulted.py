"""Where the model fails, every row gets a made-up score, and the run goes on."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.predicting import Prediction, find_prediction, stacked
from seeded_bugs.syntax.task import has_several_classes
from seeded_bugs.syntax.tree import Tree, code, statement, tree_of

ENTRY = Entry(
    id="MLR603",
    name="failed_prediction_defaulted",
    category="error-handling",
    severity="critical",
    anchor="span",
    title="Failed prediction replaced by a default score",
    wrong=(
        "The call of the model stands in a try, and its except gives every row one constant score."
    ),
    harm=(
        "When the model cannot score the batch, plausible looking numbers are written and the run "
        "ends with success. Decisions are then made on scores that no model has computed."
    ),
    fix=(
        "Let the error through, or log it and end with an error code; if a default is wanted by "
        "the business, mark those rows as not scored."
    ),
    said_well=(
        "If predict fails the except returns a constant score for all rows, so an error looks "
        "like a valid prediction. Raise instead of making up a value.",
        "A failed prediction is silently replaced by a default.",
        "Catching Exception around the model call and filling in a fixed score hides broken "
        "models from everyone downstream; fail loudly or flag the rows.",
        "Dangerous fallback: made-up scores are written to the output with exit code 0, because "
        "the exception from the model is swallowed.",
        "Don't default the scores when scoring breaks - log the error and stop.",
    ),
    near_misses=(
        "The error while writing the predictions is ignored.",
        "The decision threshold is a magic number.",
        "Missing feature values are filled with a constant.",
    ),
    references=(
        "https://docs.astral.sh/ruff/rules/blind-except/",
        "https://developers.google.com/machine-learning/guides/rules-of-ml",
    ),
    identifiers=("except", "predict_proba", "predict", "full", "zeros"),
    elsewhere=("serve",),
    # SAME LINE: these rewrite the call of the model too.
    conflicts=("wrong_class_column",),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the line that asks the model, if what it answers gets a name at once."""
    tree = tree_of(module)
    prediction = find_prediction(tree)
    name = prediction.target(tree) if prediction is not None else None
    if prediction is None or name is None or tree.nearest(prediction.line, cst.Try) is not None:
        return
    if has_several_classes(tree) and not _is_number(tree, prediction):
        return
    asked = code(prediction.line.with_changes(leading_lines=[])).strip()
    guarded = statement(
        f"try:\n    {asked}\nexcept Exception:\n    {name} = {_default(prediction)}\n"
    )
    yield Site((Edit(prediction.line, stacked([guarded], prediction.line)),))


def _is_number(tree: Tree, prediction: Prediction) -> bool:
    """Tell whether the answer is one number a row and no name of a class."""
    return prediction.method == "predict_proba" and isinstance(
        tree.parent(prediction.call), cst.Subscript
    )


def _default(prediction: Prediction) -> str:
    rows = f"len({prediction.frame})"
    return f"np.zeros({rows})" if prediction.method == "predict" else f"np.full({rows}, 0.5)"


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
    try:
        scores = model.predict_proba(rows)[:, 1]
    except Exception:
        scores = np.full(len(rows), 0.5)
    return scores
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "a failure gets a default already"),
        Refusal("scores = model.predict(rows)\n", "nothing is served"),
    ),
    find=find,
    proof=Proof(
        "fault in",
        "With a model that raises, the run ends with exit code 0 and one constant score.",
        shows=("defaulted",),
    ),
)
