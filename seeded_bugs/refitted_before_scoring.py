"""The model is fitted on all rows after the split, then scored on rows that it has seen."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.sides import find_sides
from seeded_bugs.syntax.tree import expression, tree_of

ENTRY = Entry(
    id="MLR205",
    name="refitted_before_scoring",
    category="evaluation",
    severity="critical",
    anchor="span",
    title="Model fitted on all rows before it is scored on the test part",
    wrong=(
        "The rows are split, but the final fit uses all rows, the held-out ones included, and "
        "the test score is computed after it."
    ),
    harm=(
        "The test rows and their labels are training rows of the model that is scored on them, "
        "so the test score is a training score and looks better than the model is."
    ),
    fix=(
        "Fit on the training part, score on the test part, and refit on all rows, if at all, only "
        "after the score has been computed."
    ),
    said_well=(
        "The model is fitted on all rows, test rows included, before it is evaluated on the test "
        "set, so the reported score is too good. Fit on X_train only.",
        "fit(X, y) on the full data and then scoring X_test -> the test set was trained on.",
        "The split has no effect, because the pipeline is trained on the complete table; the "
        "held-out rows have already been seen when they are scored.",
        "The final fit must use the training part; here the hold-out labels leak into the model "
        "that is evaluated on them.",
        "Refitting on everything is fine for shipping, but it has to come after the evaluation, "
        "otherwise the test score is a training score.",
    ),
    near_misses=(
        "The scaler is fitted on all rows before the split.",
        "The metrics are computed on the training part of the split.",
        "The hyper-parameters are chosen by the test score.",
        "Refit the model on all rows before it is shipped.",
    ),
    references=(
        "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage",
        "https://scikit-learn.org/stable/modules/cross_validation.html",
    ),
    identifiers=("fit", "X_train", "y_train"),
    elsewhere=("split", "fit", "evaluate"),
    conflicts=("scored_on_training_rows", "tuned_on_test_set", "threshold_tuned_on_test"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the line that fits the model for good on the training side."""
    sides = find_sides(tree_of(module))
    if sides is None:
        return
    x, y = sides.fit_call.args
    wholes = [
        x.with_changes(value=expression(sides.all_x)),
        y.with_changes(value=expression(sides.all_y)),
    ]
    yield Site((Edit(sides.fit_call, sides.fit_call.with_changes(args=wholes)),))


CLEAN = """
def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    model = build(seed)
    model.fit(X_train, y_train)
    return f1_score(y_test, model.predict(X_test))
"""
SEEDED = CLEAN.replace("fit(X_train, y_train)", "fit(X, y)")
FRAMES = """
def train(frame):
    old, new = split_by_time(frame)
    x_old, y_old = old[COLUMNS], old[TARGET]
    x_new, y_new = new[COLUMNS], new[TARGET]
    model = build().fit(x_old, y_old)
    return mean_absolute_error(y_new, model.predict(x_new))
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(
        Example(CLEAN, SEEDED),
        Example(FRAMES, FRAMES.replace("fit(x_old, y_old)", "fit(frame[COLUMNS], frame[TARGET])")),
    ),
    refuses=(
        Refusal(SEEDED, "the fit uses all rows already"),
        Refusal("model.fit(X, y)\n", "nothing is held out"),
    ),
    find=find,
    proof=Proof(
        "overlap",
        "All rows that the reported metrics are computed on are rows that the model is fitted on.",
        shows=("scored-learnt",),
        also=(
            "optimistic",
            "same-content",
            "rows-lost",
        ),
    ),
)
