"""Prediction decides at another threshold than the one that was chosen, measured and stored."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.constants import setting_name
from seeded_bugs.syntax.served import find_served
from seeded_bugs.syntax.tree import tree_of

ENTRY = Entry(
    id="MLR804",
    name="threshold_differs_in_serving",
    category="serving",
    severity="major",
    anchor="span",
    title="Prediction uses another threshold than the evaluation",
    wrong=(
        "The prediction way compares the scores with a literal 0.5. The threshold that training "
        "chose, measured and stored is not used."
    ),
    harm=(
        "The decisions in production are not the ones whose quality was reported: their number "
        "and the kinds of error differ from the evaluation, and nobody has measured them."
    ),
    fix="Read the threshold from the stored bundle, so that training and prediction share one.",
    said_well=(
        "Prediction hard-codes 0.5 while training chose and stored its own threshold, so the "
        "decisions differ from what was evaluated. Use the threshold from the bundle.",
        "The saved threshold is ignored in serving.",
        "Evaluation and inference cut at different thresholds, therefore the reported precision "
        "and recall do not hold for the served decisions.",
        "Train/serve mismatch in the decision threshold; load the stored value.",
        "Why 0.5 here? The tuned cut-off was saved with the model but is never applied at "
        "prediction time.",
    ),
    near_misses=(
        "The threshold was tuned on the test set.",
        "The threshold in training is a magic number.",
        "The served features differ from the training features.",
    ),
    references=("https://scikit-learn.org/stable/modules/classification_threshold.html",),
    identifiers=("threshold", "0.5"),
    elsewhere=("serve",),
    # SAME CLAIM: two literal thresholds in one program cannot be told apart in a remark.
    conflicts=("unexplained_threshold",),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site at each comparison of the prediction way with the stored threshold."""
    tree = tree_of(module)
    served = find_served(tree)
    for node in tree.all(cst.Comparison, served.scope) if served else ():
        for part in node.comparisons:
            stored = isinstance(part.comparator, cst.Attribute | cst.Subscript)
            if stored and "threshold" in setting_name(part.comparator).lower():
                yield Site((Edit(part.comparator, cst.Float("0.5")),))


CLEAN = """
def train(path):
    X = add_features(pd.read_csv(path))
    a, b = train_test_split(X, random_state=7)

def predict(path):
    bundle = joblib.load("model")
    rows = add_features(pd.read_csv(path))
    return bundle["model"].predict_proba(rows)[:, 1] >= bundle["threshold"]
"""
SEEDED = """
def train(path):
    X = add_features(pd.read_csv(path))
    a, b = train_test_split(X, random_state=7)

def predict(path):
    bundle = joblib.load("model")
    rows = add_features(pd.read_csv(path))
    return bundle["model"].predict_proba(rows)[:, 1] >= 0.5
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the stored threshold is ignored already"),
        Refusal('flags = scores >= bundle["threshold"]\n', "nothing is served"),
    ),
    find=find,
    proof=Proof(
        "serve skew",
        "For the same rows, cutting the served scores at the stored threshold gives other "
        "decisions than the served ones.",
        shows=("skew:threshold",),
    ),
)
