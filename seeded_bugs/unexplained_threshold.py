"""The decision threshold is a number that fell from the sky."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.tree import assignment, tree_of

ENTRY = Entry(
    id="MLR503",
    name="unexplained_threshold",
    category="configuration",
    severity="major",
    anchor="span",
    title="Decision threshold is a magic number",
    wrong=(
        "The threshold that turns scores into decisions is a literal without a reason; the "
        "program no longer derives it from costs or out-of-fold scores."
    ),
    harm=(
        "Decisions depend on a number that fits neither the class balance nor the costs; a "
        "small shift changes which cases are acted on, and nobody knows why it was chosen."
    ),
    fix=(
        "Choose the threshold on out-of-fold training predictions by a stated cost or "
        "capacity, and store it with the model."
    ),
    said_well=(
        "The decision threshold is a magic number; derive it from the costs on out-of-fold "
        "predictions and document it.",
        "Hard-coded cut-off without any justification. Why this value?",
        "threshold is fixed by hand, so the decisions ignore the class balance and the "
        "cost of errors; tune it on validation predictions.",
        "Where does this cutoff come from? It should be chosen on training folds and explained.",
        "Arbitrary threshold: with imbalanced classes it decides who is flagged, and "
        "nothing supports it.",
    ),
    near_misses=(
        "The threshold is tuned on the test set.",
        "Serving uses another threshold.",
        "The hyper-parameters are hard-coded.",
    ),
    references=("https://scikit-learn.org/stable/modules/classification_threshold.html",),
    identifiers=("threshold",),
    elsewhere=("evaluate",),
    conflicts=("threshold_tuned_on_test",),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site where training computes a threshold by a call: the call becomes a number."""
    tree = tree_of(module)
    split = find_split(tree)
    for line in tree.all(cst.SimpleStatementLine, split.scope) if split else ():
        assign = assignment(line)
        if assign is None or not isinstance(assign.value, cst.Call):
            continue
        target = assign.targets[0].target
        name = target.attr if isinstance(target, cst.Attribute) else target
        if isinstance(name, cst.Name) and "threshold" in name.value:
            yield Site((Edit(assign.value, cst.Float("0.37")),))


CLEAN = """
def train(X, y):
    a, b, c, d = train_test_split(X, y, random_state=7)
    threshold = cheapest(c, out_of_fold(a, c))
"""
SEEDED = """
def train(X, y):
    a, b, c, d = train_test_split(X, y, random_state=7)
    threshold = 0.37
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the threshold is a literal already"),
        Refusal("threshold = cheapest(c, scores)\n", "nothing is trained here"),
    ),
    find=find,
    proof=Proof(
        "static",
        "The threshold is a literal; moving it by 0.1 changes decisions.",
        shows=("threshold-literal",),
    ),
)
