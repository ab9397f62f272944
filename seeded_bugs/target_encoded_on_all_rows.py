"""The mean of the target by group, over all rows, becomes a feature of the same rows."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.carry import carry
from seeded_bugs.syntax.preparation import appended, derived_columns, find_part, joined
from seeded_bugs.syntax.served import find_served
from seeded_bugs.syntax.shapes import Split, find_columns, find_split
from seeded_bugs.syntax.task import (
    find_labels,
    has_several_classes,
    is_classification,
    is_fed_whole,
)
from seeded_bugs.syntax.tree import Tree, expression, statements, string, tree_of

ENTRY = Entry(
    id="MLR106",
    name="target_encoded_on_all_rows",
    category="leakage",
    severity="critical",
    anchor="span",
    title="Mean of the target by group, from all rows, used as a feature",
    wrong=(
        "A feature holds the mean of the target in the row's group. The means are computed on the "
        "whole table, before the split and with the row's own label."
    ),
    harm=(
        "The feature hands the held-out labels to the model: in small groups the mean nearly is "
        "the row's own label. The model trusts the feature too much, the held-out score is "
        "inflated, and new rows do worse than reported."
    ),
    fix=(
        "Learn the means from the training rows only and out of fold, for example with "
        "sklearn.preprocessing.TargetEncoder as a step of the Pipeline, or leave the feature out."
    ),
    said_well=(
        "Target encoding is computed on the full data before the split, so the labels of the test "
        "rows leak into the feature and the score is inflated. Use TargetEncoder in the pipeline.",
        "groupby(...).mean() of the target over all rows as a feature = target leakage.",
        "Each row's own label is part of the group mean that it gets as a feature; compute it out "
        "of fold on the training rows.",
        "The group averages of y include the held-out rows, therefore the hold-out metric is far "
        "too optimistic, above all for small groups.",
        "Mean encoding must be learnt from y_train only (cross-fitted); here it has seen every "
        "label.",
    ),
    near_misses=(
        "Small groups should be smoothed towards the overall mean.",
        "A column that is filled in after the outcome is used as a feature.",
        "Groups that were not seen in training become missing values.",
        "The category frequencies are computed on all rows.",
    ),
    references=(
        "https://scikit-learn.org/stable/auto_examples/preprocessing/"
        "plot_target_encoder_cross_val.html",
        "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage",
    ),
    identifiers=("groupby", "mean", "join", "TargetEncoder", "segment_mean", "segment_rate"),
    elsewhere=("split",),
    # MASKS: the outcome in disguise swallows every other leak. SAME LINE: both work on the
    # categories and on the pipeline's list of numbers.
    # A step on all numeric columns that is sown earlier would miss the new one, which fails.
    conflicts=(
        "feature_known_after_outcome",
        "encoder_fitted_before_split",
        "imputer_fitted_before_split",
        "scaler_fitted_before_split",
        "features_selected_before_split",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the mean by the entity that the program groups by, or by all categories at once."""
    tree = tree_of(module)
    split, served = find_split(tree), find_served(tree)
    labels = find_labels(tree, split) if split else None
    keys = _keys(tree)
    if not (split and served and labels and keys) or has_several_classes(tree):
        return
    noun, by, on = keys
    name = f"{noun}_rate" if is_classification(tree) else f"{noun}_mean"
    carried, listed = carry(tree, name), _listed(tree, split, name)
    if carried is None or listed is None:
        return
    frame, mean = split.frame, carried.trained
    if labels.isidentifier():
        by = f"[{frame}[c] for c in {on}]" if not string(expression(on)) else f"{frame}[{on}]"
        grouped = f"{labels}.groupby({by}).mean()"
    else:
        grouped = f"{frame}.groupby({by}){labels[len(frame) :]}.mean()"
    added = statements(
        f'{mean} = {grouped}.rename("{name}")\n{frame} = {frame}.join({mean}, on={on})\n'
    )
    yield Site(
        (
            Edit(split.line, [*added, split.line]),
            listed,
            served.then(f"{served.frame} = {served.frame}.join({carried.served}, on={on})\n"),
            *carried.edits,
        )
    )


def _keys(tree: Tree) -> tuple[str, str, str] | None:
    """Return a noun for the group, and the texts for ``groupby`` and ``join(on=...)``."""
    for call in tree.calls("groupby"):
        key, function = string(call.args[0].value) if call.args else None, tree.function(call)
        if key is not None and function and "feature" in function.name.value.lower():
            return key.removesuffix("_id"), f'"{key}"', f'"{key}"'
    columns = find_columns(tree, "CAT")
    return ("segment", columns.name, columns.name) if columns else None


def _listed(tree: Tree, split: Split, name: str) -> Edit | None:
    """Return the edit that lets the model read the new column; None if it is there already.

    Where the split gives the model's table, the pipeline alone lists the columns; where columns
    are picked after the split, a module-level list of derived columns does.
    """
    if is_fed_whole(tree, split):
        part = find_part(tree, "NUM")
        if part is None or tree.all(cst.SimpleString, part.columns):
            return None
        wider = joined(part.columns, f'["{name}"]')
        return Edit(part.columns, expression(wider), "support")
    columns = derived_columns(tree)
    if columns is None or name in columns.values:
        return None
    return Edit(columns.literal, appended(columns.literal, name), "support")


CLEAN = '''
NUM_COLUMNS = ["tenure", "charge"]
CAT_COLUMNS = ["plan", "region"]

def build():
    """Return the unfitted pipeline."""
    known = OneHotEncoder(handle_unknown="ignore")
    numbers = ("num", SimpleImputer(), NUM_COLUMNS)
    columns = ColumnTransformer([numbers, ("cat", known, CAT_COLUMNS)])
    return make_pipeline(columns, LogisticRegression())

def train(path, y):
    X = add_features(pd.read_csv(path))
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=7)
    pipeline = build()
    pipeline.fit(X_train, y_train)
    joblib.dump({"pipeline": pipeline}, "model.joblib")

def predict(path):
    bundle = joblib.load("model.joblib")
    rows = add_features(pd.read_csv(path))
    return bundle["pipeline"].predict_proba(rows)
'''
SEEDED = '''
NUM_COLUMNS = ["tenure", "charge"]
CAT_COLUMNS = ["plan", "region"]

def build():
    """Return the unfitted pipeline."""
    known = OneHotEncoder(handle_unknown="ignore")
    numbers = ("num", SimpleImputer(), NUM_COLUMNS + ["segment_rate"])
    columns = ColumnTransformer([numbers, ("cat", known, CAT_COLUMNS)])
    return make_pipeline(columns, LogisticRegression())

def train(path, y):
    X = add_features(pd.read_csv(path))
    segment_rate = y.groupby([X[c] for c in CAT_COLUMNS]).mean().rename("segment_rate")
    X = X.join(segment_rate, on=CAT_COLUMNS)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=7)
    pipeline = build()
    pipeline.fit(X_train, y_train)
    joblib.dump({"segment_rate": segment_rate, "pipeline": pipeline}, "model.joblib")

def predict(path):
    bundle = joblib.load("model.joblib")
    rows = add_features(pd.read_csv(path))
    rows = rows.join(bundle["segment_rate"], on=CAT_COLUMNS)
    return bundle["pipeline"].predict_proba(rows)
'''

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the model reads the mean already"),
        Refusal(
            "from sklearn.metrics import f1_score\n"
            + CLEAN
            + '\ndef report(y, p):\n    return f1_score(y, p, average="macro")\n',
            "a class among several has no mean",
        ),
        Refusal(CLEAN.replace("CAT_COLUMNS", "WORDS"), "no groups are at hand"),
    ),
    find=find,
    proof=Proof(
        "held-out influence",
        "Changing the labels of held-out rows changes the features of training rows.",
        shows=("features:labels", "learnt:labels", "passed-on:labels"),
        also=("optimistic",),
    ),
)
