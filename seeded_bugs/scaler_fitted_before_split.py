"""The scaler learns mean and spread from all rows, the held-out ones included."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.carry import carry
from seeded_bugs.syntax.preparation import scaled_columns, scaler_step
from seeded_bugs.syntax.served import find_served
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.tree import drop, statements, tree_of

ENTRY = Entry(
    id="MLR101",
    name="scaler_fitted_before_split",
    category="leakage",
    severity="critical",
    anchor="span",
    title="Scaler fitted on all rows before the split",
    wrong=(
        "The StandardScaler is fitted on the whole table, and only then are the rows split into "
        "training and held-out part."
    ),
    harm=(
        "Mean and standard deviation of the held-out rows flow into the training features, so the "
        "held-out score is no longer measured on unseen data. The effect is often small, the "
        "habit is not: the same order of steps with a supervised step is ruinous."
    ),
    fix=(
        "Split first and fit the scaler on the training rows only, best as a step of the "
        "Pipeline, so that cross-validation refits it in every fold."
    ),
    said_well=(
        "The scaler is fitted on all rows before the train/test split, so statistics of the test "
        "rows leak into training. Fit it on the training part only, inside the pipeline.",
        "Data leakage: StandardScaler.fit_transform runs on the full data and the split comes "
        "after it.",
        "Scaling happens before splitting, therefore the test set's mean and standard deviation "
        "influence the training features and the reported score is optimistic; move the scaler "
        "into the Pipeline.",
        "fit_transform on everything, then split -> leak. Split first, fit the scaler on train.",
        "Standardisation must be learnt from X_train and only applied to X_test; here it has seen "
        "the held-out rows because it is computed on the complete table.",
    ),
    near_misses=(
        "The features should be scaled before a linear model is fitted.",
        "A RobustScaler would cope better with the outliers.",
        "The missing values are filled with statistics of all rows.",
    ),
    references=(
        "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage-during-pre-processing",
    ),
    identifiers=("StandardScaler", "scaler", "fit_transform"),
    elsewhere=("split",),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: above the split, where the numeric columns are at hand and can be served alike."""
    tree = tree_of(module)
    split, served = find_split(tree), find_served(tree)
    step, carried = scaler_step(tree), carry(tree, "scaler")
    columns = scaled_columns(tree, split) if split else None
    if not (split and served and columns and step and carried):
        return
    frame = split.frame
    fitted = statements(
        f"{carried.trained} = StandardScaler()\n"
        f"{frame}[{columns}] = {carried.trained}.fit_transform({frame}[{columns}])\n"
    )
    rows = f"{served.frame}[{columns}]"
    yield Site(
        (
            Edit(split.line, [*fitted, split.line]),
            Edit(*drop(tree, step), "trace"),
            served.then(f"{rows} = {carried.served}.transform({rows})\n"),
            *carried.edits,
        )
    )


CLEAN = """
NUM_COLUMNS = ["tenure", "charge"]

def build():
    numeric = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
    return Pipeline([("columns", numeric), ("model", LogisticRegression())])

def train(path):
    X = add_features(pd.read_csv(path))
    train_rows, test_rows = train_test_split(X, random_state=7)
    pipeline = build().fit(train_rows)
    joblib.dump({"pipeline": pipeline}, "model.joblib")

def predict(path):
    bundle = joblib.load("model.joblib")
    rows = add_features(pd.read_csv(path))
    return bundle["pipeline"].predict(rows)
"""
SEEDED = """
NUM_COLUMNS = ["tenure", "charge"]

def build():
    numeric = Pipeline([("fill", SimpleImputer())])
    return Pipeline([("columns", numeric), ("model", LogisticRegression())])

def train(path):
    X = add_features(pd.read_csv(path))
    scaler = StandardScaler()
    X[NUM_COLUMNS] = scaler.fit_transform(X[NUM_COLUMNS])
    train_rows, test_rows = train_test_split(X, random_state=7)
    pipeline = build().fit(train_rows)
    joblib.dump({"scaler": scaler, "pipeline": pipeline}, "model.joblib")

def predict(path):
    bundle = joblib.load("model.joblib")
    rows = add_features(pd.read_csv(path))
    rows[NUM_COLUMNS] = bundle["scaler"].transform(rows[NUM_COLUMNS])
    return bundle["pipeline"].predict(rows)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the pipeline has no scaler left to move"),
        Refusal("X = StandardScaler().fit_transform(X)\n", "nothing is split"),
    ),
    find=find,
    proof=Proof(
        "held-out influence",
        "Changing the features of held-out rows changes the scaler that training uses.",
        shows=("fit:features", "features:features", "passed-on:features"),
    ),
)
