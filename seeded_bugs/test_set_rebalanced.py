"""The held-out rows are thinned until all classes are equally common, and then scored."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.predicting import line_of
from seeded_bugs.syntax.shapes import Split, find_split
from seeded_bugs.syntax.task import (
    classes_are_even,
    find_labels,
    find_seed,
    is_classification,
)
from seeded_bugs.syntax.tree import Tree, call_name, tree_of

ENTRY = Entry(
    id="MLR211",
    name="test_set_rebalanced",
    category="evaluation",
    severity="critical",
    anchor="span",
    title="Score on a re-balanced test set",
    wrong=(
        "After the split the held-out rows are sampled so that every class is equally common, and "
        "the reported scores are computed on that sample."
    ),
    harm=(
        "In use the rare class stays rare. Precision, average precision, F1 and accuracy depend on "
        "how common the classes are, so the reported values are far better than what will be "
        "seen: most false alarms come from the rows that were thrown away."
    ),
    fix=(
        "Leave the held-out rows at their natural class balance. Balance the training rows at "
        "most, or use class_weight."
    ),
    said_well=(
        "The test set is downsampled to balanced classes, so precision and average precision are "
        "far too optimistic for the real class distribution. Only resample training data.",
        "Never rebalance the test set.",
        "Evaluating on an artificially balanced hold-out hides most of the false positives; the "
        "score must be computed at the natural prevalence.",
        "Majority-class rows are dropped from the held-out data before scoring, therefore the "
        "reported metrics do not reflect production.",
        "The class balance of y_test is changed here. Keep it as it comes out of the split and "
        "balance (if at all) on the training side.",
    ),
    near_misses=(
        "The minority class is oversampled before the split.",
        "The split is not stratified.",
        "Accuracy is misleading on imbalanced data.",
        "The model should use class_weight.",
    ),
    references=(
        "https://imbalanced-learn.org/stable/common_pitfalls.html",
        "https://doi.org/10.1371/journal.pone.0118432",
    ),
    identifiers=("sample", "groupby", "value_counts", "kept", "min"),
    elsewhere=("split", "evaluate"),
    # MASKS: with equal classes nothing is rare; or other rows are scored, or again fewer.
    conflicts=(
        "accuracy_on_rare_class",
        "micro_averaged_score",
        "resampled_before_split",
        "unstratified_split",
        "scored_on_training_rows",
        "incomplete_test_rows_dropped",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: below the split of a program that sorts rows into classes, some of them rare."""
    tree = tree_of(module)
    split = find_split(tree)
    if split is None or not is_classification(tree) or classes_are_even(tree):
        return
    lines = _sampled(tree, split)
    following = tree.after(split.line)
    if lines and not any({"groupby", "sample"} <= tree.names(line) for line in following[:2]):
        yield Site((Edit(split.line, [split.line, *(line_of(text) for text in lines)]),))


def _sampled(tree: Tree, split: Split) -> list[str] | None:
    """Return the lines that keep equally many rows of every class; None without labels or seed."""
    seed, labels, names = find_seed(tree, split), find_labels(tree, split), split.targets
    if seed is None or labels is None:
        return None
    if call_name(split.call) == "train_test_split" and len(names) == 4:
        x, y = names[1], names[3]
        return [
            f"kept = {y}.groupby({y}).sample({y}.value_counts().min(), random_state={seed}).index",
            f"{x}, {y} = {x}.loc[kept], {y}.loc[kept]",
        ]
    column = labels[len(split.frame) + 1 : -1]
    if len(names) != 2 or not labels.startswith(f"{split.frame}["):
        return None
    rows = names[1]
    size = f"{rows}[{column}].value_counts().min()"
    return [f"{rows} = {rows}.groupby({column}).sample({size}, random_state={seed})"]


CLEAN = """
def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=seed)
    model = LogisticRegression().fit(X_train, y_train)
    return average_precision_score(y_test, model.predict_proba(X_test)[:, 1])
"""
SEEDED = """
def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=seed)
    kept = y_test.groupby(y_test).sample(y_test.value_counts().min(), random_state=seed).index
    X_test, y_test = X_test.loc[kept], y_test.loc[kept]
    model = LogisticRegression().fit(X_train, y_train)
    return average_precision_score(y_test, model.predict_proba(X_test)[:, 1])
"""
CUT = """
def train(df, seed):
    older, newer = split_by_time(df, 0.2)
    x_old, y_old = older[COLUMNS], older[TARGET]
    model = RandomForestClassifier(random_state=seed)
    model.fit(x_old, y_old)
    return model.predict_proba(newer[COLUMNS])
"""
EVEN = """
def train(df, seed):
    older, newer = split_by_time(df, 0.2)
    newer = newer.groupby(TARGET).sample(newer[TARGET].value_counts().min(), random_state=seed)
    x_old, y_old = older[COLUMNS], older[TARGET]
    model = RandomForestClassifier(random_state=seed)
    model.fit(x_old, y_old)
    return model.predict_proba(newer[COLUMNS])
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(CUT, EVEN)),
    refuses=(
        Refusal(SEEDED, "the classes are of equal size already"),
        Refusal(CLEAN.replace("predict_proba(X_test)[:, 1]", "predict(X_test)"), "no classes"),
        Refusal(
            CLEAN + '\n    report = {"accuracy": accuracy_score(y_test, guess)}\n',
            "accuracy is reported openly, as the classes are of one size",
        ),
    ),
    find=find,
    proof=Proof(
        "split balance",
        "All classes are equally common among the scored rows; in the clean program they have the "
        "shares that they have in the file.",
        shows=("evened-out",),
        also=("optimistic", "test-rows-lost", "rows-lost", "few-scored"),
    ),
)
