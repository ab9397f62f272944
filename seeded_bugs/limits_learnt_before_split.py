"""Outlier limits are quantiles of all rows, the held-out ones included."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.carry import carry
from seeded_bugs.syntax.preparation import scaled_columns
from seeded_bugs.syntax.served import find_served
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.tree import statements, tree_of

ENTRY = Entry(
    id="MLR113",
    name="limits_learnt_before_split",
    category="leakage",
    severity="major",
    anchor="span",
    title="Outlier limits taken from all rows before the split",
    wrong=(
        "The numbers are clipped to their 1 and 99 per cent quantiles, and the quantiles are "
        "computed on the whole table, before it is split."
    ),
    harm=(
        "The extreme values of the held-out rows help to decide where training values are cut, and "
        "the held-out rows are cut to limits that fit them. The score is not measured on unseen "
        "data, and outliers that later rows bring look less harmful than they are."
    ),
    fix=(
        "Split first and take the limits from the training rows alone (as a step of the pipeline), "
        "or use limits that are fixed by what the column can be."
    ),
    said_well=(
        "The clipping quantiles are computed on all rows before the split, so the test rows "
        "influence the limits. Compute them on the training rows only.",
        "Winsorising with full-data quantiles: leakage.",
        "Outlier limits have to be learnt on X_train and applied to both parts; here the held-out "
        "rows are part of quantile(), which makes the evaluation optimistic.",
        "clip() uses statistics of the complete table and the split comes afterwards -> "
        "preprocessing leak. Put it into the pipeline.",
        "The 1%/99% bounds have seen the hold-out data because they are taken before train/test "
        "splitting.",
    ),
    near_misses=(
        "Outliers should not be clipped at all.",
        "The scaler is fitted on all rows before the split.",
        "Values outside the limits should be refused.",
        "A RobustScaler would cope with the outliers.",
    ),
    references=(
        "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage-during-pre-processing",
    ),
    identifiers=("quantile", "clip", "limits"),
    elsewhere=("split",),
    # With these the program fails: they add columns to the numbers below the line of the limits.
    conflicts=("target_encoded_on_all_rows", "encoder_fitted_before_split"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: above the split, where the numeric columns are at hand and can be served alike."""
    tree = tree_of(module)
    split, served, carried = find_split(tree), find_served(tree), carry(tree, "limits")
    columns = scaled_columns(tree, split) if split else None
    if not (split and served and columns and carried) or "limits" in tree.names():
        return
    rows, later, limits = (
        f"{split.frame}[{columns}]",
        f"{served.frame}[{columns}]",
        carried.served,
    )
    cut = statements(
        f"{carried.trained} = {rows}.quantile([0.01, 0.99])\n"
        f"{rows} = {rows}.clip({carried.trained}.loc[0.01], {carried.trained}.loc[0.99], axis=1)\n"
    )
    yield Site(
        (
            Edit(split.line, [*cut, split.line]),
            served.then(
                f"{later} = {later}.clip({limits}.loc[0.01], {limits}.loc[0.99], axis=1)\n"
            ),
            *carried.edits,
        )
    )


CLEAN = """
NUM_COLUMNS = ["tenure", "charge"]

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
CLIPPED = (
    'rows[NUM_COLUMNS] = rows[NUM_COLUMNS].clip(bundle["limits"].loc[0.01], '
    'bundle["limits"].loc[0.99], axis=1)'
)
SEEDED = """
NUM_COLUMNS = ["tenure", "charge"]

def train(path):
    X = add_features(pd.read_csv(path))
    limits = X[NUM_COLUMNS].quantile([0.01, 0.99])
    X[NUM_COLUMNS] = X[NUM_COLUMNS].clip(limits.loc[0.01], limits.loc[0.99], axis=1)
    train_rows, test_rows = train_test_split(X, random_state=7)
    pipeline = build().fit(train_rows)
    joblib.dump({"limits": limits, "pipeline": pipeline}, "model.joblib")

def predict(path):
    bundle = joblib.load("model.joblib")
    rows = add_features(pd.read_csv(path))
    LINE
    return bundle["pipeline"].predict(rows)
""".replace("LINE", CLIPPED)

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the limits are learnt already"),
        Refusal("NUM_COLUMNS = ['age']\nX = load()\n", "nothing is split"),
    ),
    find=find,
    proof=Proof(
        "held-out influence",
        "Changing the features of held-out rows changes the limits, and with them features of "
        "training rows.",
        shows=("features:features", "learnt:features", "passed-on:features"),
    ),
)
