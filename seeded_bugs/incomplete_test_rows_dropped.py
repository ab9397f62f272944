"""Rows with missing values are taken out of the held-out part only, before it is scored."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.predicting import line_of
from seeded_bugs.syntax.shapes import Split, find_columns, find_split
from seeded_bugs.syntax.tree import Tree, call_name, tree_of

ENTRY = Entry(
    id="MLR210",
    name="incomplete_test_rows_dropped",
    category="evaluation",
    severity="major",
    anchor="span",
    title="Incomplete rows removed from the test set",
    wrong=(
        "After the split, rows with missing numbers are dropped from the held-out part. Training "
        "keeps such rows, and prediction must score them."
    ),
    harm=(
        "The model is measured on the easier rows alone: those that are complete. In use, the "
        "incomplete rows come too, and the quality on them is unknown, so the reported score "
        "does not hold for what is served."
    ),
    fix="Score all held-out rows; the pipeline imputes. At most report the complete rows besides.",
    said_well=(
        "Rows with missing values are dropped from the test set only, so the score is measured on "
        "easier rows than the model will see in production. Evaluate on all held-out rows.",
        "dropna() on the test part biases the evaluation.",
        "The test set is filtered after the split, while the serving code has to handle missing "
        "values; the reported metric therefore does not cover those rows.",
        "Why is the hold-out cleaned of NaN rows? The pipeline imputes them, leave them in so that "
        "the evaluation is representative.",
        "Selection bias in the evaluation: incomplete held-out cases are thrown away before "
        "scoring and nobody reports how many.",
    ),
    near_misses=(
        "Rows with missing values are dropped from the training data.",
        "Missing values are filled before the split.",
        "The test set is too small.",
        "Missing values are not handled.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/impute.html",
        "https://doi.org/10.1016/j.patter.2023.100804",
    ),
    identifiers=("dropna", "index", "loc"),
    elsewhere=("split", "evaluate"),
    # MASKS: no value is missing any more, or other rows are scored. Repeated rows have one label,
    # which the labels are looked up by.
    conflicts=(
        "resampled_before_split",
        "imputer_fitted_before_split",
        "missing_filled_with_zero",
        "silently_dropped_rows",
        "scored_on_training_rows",
        "refitted_before_scoring",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: below the split."""
    tree = tree_of(module)
    split, numeric = find_split(tree), find_columns(tree, "NUM")
    lines = _dropped(tree, split, numeric.name) if split and numeric else None
    if split is not None and lines is not None:
        yield Site((Edit(split.line, [split.line, *(line_of(text) for text in lines)]),))


def _dropped(tree: Tree, split: Split, columns: str) -> list[str] | None:
    """Return the lines that drop the rows, from the features and then from the labels."""
    names, four = split.targets, call_name(split.call) == "train_test_split"
    if any(call_name(c) == "dropna" for line in tree.after(split.line) for c in _calls(tree, line)):
        return None
    kept = f"{names[1]} = {names[1]}.dropna(subset={columns})"
    if four and len(names) == 4:
        return [kept, f"{names[3]} = {names[3]}.loc[{names[1]}.index]"]
    return [kept] if len(names) == 2 else None


def _calls(tree: Tree, line: cst.CSTNode) -> list[cst.Call]:
    return tree.calls(within=line)


CLEAN = """
NUM_COLUMNS = ["age", "income"]

def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    return build().fit(X_train, y_train).score(X_test, y_test)
"""
SEEDED = """
NUM_COLUMNS = ["age", "income"]

def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    X_test = X_test.dropna(subset=NUM_COLUMNS)
    y_test = y_test.loc[X_test.index]
    return build().fit(X_train, y_train).score(X_test, y_test)
"""
CUT = """
NUM = ["age", "income"]

def train(df):
    older, newer = split_by_time(df, 0.2)
    x, y = older[NUM], older[TARGET]
"""
KEPT = """
NUM = ["age", "income"]

def train(df):
    older, newer = split_by_time(df, 0.2)
    newer = newer.dropna(subset=NUM)
    x, y = older[NUM], older[TARGET]
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(CUT, KEPT)),
    refuses=(
        Refusal(SEEDED, "the rows are dropped already"),
        Refusal(CLEAN.replace("train_test_split", "load"), "nothing is held out"),
    ),
    find=find,
    proof=Proof(
        "row count",
        "Fewer rows are scored than the split holds out; in the clean program all are.",
        shows=("test-rows-lost",),
        also=(
            "optimistic",
            "rows-lost",
        ),
    ),
)
