"""Rows of the smaller classes are repeated first, and the rows are split afterwards."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.task import find_labels, is_classification, is_random
from seeded_bugs.syntax.tree import code, keyword, statements, tree_of

ENTRY = Entry(
    id="MLR105",
    name="resampled_before_split",
    category="leakage",
    severity="critical",
    anchor="span",
    title="Smaller classes oversampled before the split",
    wrong=(
        "Rows of the smaller classes are repeated until the classes are of equal size. Only then "
        "are the rows split into training and held-out part."
    ),
    harm=(
        "Copies of one row fall on both sides, so the model is tested on rows that it was trained "
        "on. The held-out part is balanced too, unlike the rows that will be served. Both make "
        "precision and F1 look far better than they will be; cross-validation shares the leak."
    ),
    fix=(
        "Split first and oversample the training rows only, inside each fold (imblearn's "
        "Pipeline), or use class_weight. Leave the held-out rows as they are."
    ),
    said_well=(
        "The minority class is oversampled before the train/test split, so copies of the same row "
        "end up in both train and test and the score is inflated. Resample the training part "
        "only.",
        "Upsampling with replacement first, split second: duplicates leak into the test set.",
        "Resampling happens on the full data, therefore the test set contains rows the model was "
        "trained on and has a class balance that does not exist in production.",
        "Balance the classes after splitting, on X_train/y_train only (or via class_weight); the "
        "hold-out must keep its natural distribution.",
        "Oversampled rows are on both sides of the split -> the model has memorised the test rows.",
    ),
    near_misses=(
        "SMOTE would be better than repeating rows.",
        "The classes are imbalanced, so accuracy is misleading.",
        "The split is not stratified.",
        "Repeated rows in the file are not removed before the split.",
    ),
    references=(
        "https://imbalanced-learn.org/stable/common_pitfalls.html",
        "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage",
    ),
    identifiers=("sample", "replace", "extra", "concat", "value_counts", "train_test_split"),
    elsewhere=("split", "evaluate"),
    # MASKS: equal classes leave nothing rare; repeated rows on both sides have this cause too; a
    # model that reads the outcome gains nothing from copies.
    conflicts=(
        "unstratified_split",
        "accuracy_on_rare_class",
        "micro_averaged_score",
        "duplicates_across_split",
        "scored_on_training_rows",
        "shuffled_time_split",
        "feature_known_after_outcome",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: above a random split that is given the labels of classes apart, and a seed."""
    tree = tree_of(module)
    split = find_split(tree)
    if split is None or not is_random(split) or not is_classification(tree):
        return
    labels, seed = find_labels(tree, split), keyword(split.call, "random_state")
    if labels is None or not labels.isidentifier() or seed is None:
        return
    if any(keyword(call, "replace") for call in tree.calls("sample", within=split.scope)):
        return
    frame = split.frame
    # The group is sampled up to the largest; the largest itself gets nothing.
    repeated = statements(
        f"largest = {labels}.value_counts().max()\n"
        f"extra = pd.concat(\n"
        f"    group.sample(largest - len(group), replace=True, random_state={code(seed.value)})\n"
        f"    for _, group in {labels}.groupby({labels})\n"
        f")\n"
        f"{frame} = pd.concat([{frame}, {frame}.loc[extra.index]])\n"
        f"{labels} = pd.concat([{labels}, extra])\n"
    )
    yield Site((Edit(split.line, [*repeated, split.line]),))


CLEAN = """
def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=seed)
    model = LogisticRegression().fit(X_train, y_train)
    return average_precision_score(y_test, model.predict_proba(X_test)[:, 1])
"""
SEEDED = """
def train(X, y, seed):
    largest = y.value_counts().max()
    extra = pd.concat(
        group.sample(largest - len(group), replace=True, random_state=seed)
        for _, group in y.groupby(y)
    )
    X = pd.concat([X, X.loc[extra.index]])
    y = pd.concat([y, extra])
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=seed)
    model = LogisticRegression().fit(X_train, y_train)
    return average_precision_score(y_test, model.predict_proba(X_test)[:, 1])
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the classes are of equal size already"),
        Refusal(CLEAN.replace("predict_proba(X_test)[:, 1]", "predict(X_test)"), "no classes"),
        Refusal(
            CLEAN.replace("stratify=y", "shuffle=False"),
            "the rows are split in their order, so copies of one row stay together",
        ),
    ),
    find=find,
    proof=Proof(
        "overlap",
        "Rows of the held-out part occur in the training part as well.",
        shows=("same-content",),
        also=(
            "optimistic",
            "evened-out",
            "rows-lost",
            "scored-learnt",
            "group",
            "time",
        ),
    ),
)
