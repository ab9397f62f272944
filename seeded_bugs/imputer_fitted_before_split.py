"""Gaps in the numbers are filled with medians of all rows, the held-out ones included."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.carry import carry
from seeded_bugs.syntax.served import find_served
from seeded_bugs.syntax.shapes import find_columns, find_split
from seeded_bugs.syntax.tree import Tree, keyword, statements, string, tree_of

ENTRY = Entry(
    id="MLR102",
    name="imputer_fitted_before_split",
    category="leakage",
    severity="critical",
    anchor="span",
    title="Missing values filled with a statistic of all rows",
    wrong=(
        "The medians are computed on the whole table and fill its missing values. Only then are "
        "the rows split into training and held-out part."
    ),
    harm=(
        "Values of the held-out rows decide what stands in the gaps of the training rows, so the "
        "held-out score is no longer measured on unseen data. The pipeline's own imputer finds "
        "nothing left to fill, and cross-validation shares the leak. The effect is often small "
        "and grows with the share of missing values."
    ),
    fix=(
        "Split first and learn the fill values from the training rows only: leave the gaps to the "
        "SimpleImputer in the Pipeline, which is refitted in every fold."
    ),
    said_well=(
        "The missing values are filled with the median of all rows before the train/test split, "
        "so the test rows leak into the training data. Leave it to the imputer in the pipeline.",
        "fillna(median of the full table) above the split: data leakage.",
        "Imputation happens before splitting, hence the fill values are computed with the held-out "
        "rows and the reported score is not measured on unseen data.",
        "The medians should come from X_train only; here they have seen the test set. Split first, "
        "then fit a SimpleImputer on the training part.",
        "Imputing on everything makes the pipeline's SimpleImputer a no-op and lets statistics of "
        "the validation folds and of the hold-out flow into training.",
    ),
    near_misses=(
        "The mean would be distorted by outliers, the median is the better fill value.",
        "Missing values should be marked by an indicator column before they are filled.",
        "The scaler is fitted on all rows before the split.",
        "Filling the gaps with zero makes up values that do not occur.",
    ),
    references=(
        "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage-during-pre-processing",
        "https://scikit-learn.org/stable/modules/impute.html",
    ),
    identifiers=("fillna", "median", "medians", "SimpleImputer"),
    elsewhere=("split",),
    # Dropped or zeroed gaps leave nothing to impute; a batch median replaces the stored ones.
    conflicts=(
        "silently_dropped_rows",
        "missing_filled_with_zero",
        "batch_statistics_in_serving",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: above the split, where a pipeline fills the numeric columns and marks no gaps."""
    tree = tree_of(module)
    split, served, numeric = find_split(tree), find_served(tree), find_columns(tree, "NUM")
    carried = carry(tree, "medians")
    if not (split and served and numeric and carried and _pipeline_fills(tree)):
        return
    above = tree.before(split.line)
    if any(tree.is_below(c, line) for c in tree.calls("fillna") for line in above):
        return
    train, serve = f"{split.frame}[{numeric.name}]", f"{served.frame}[{numeric.name}]"
    filled = statements(
        f"{carried.trained} = {train}.median()\n{train} = {train}.fillna({carried.trained})\n"
    )
    yield Site(
        (
            Edit(split.line, [*filled, split.line]),
            served.then(f"{serve} = {serve}.fillna({carried.served})\n"),
            *carried.edits,
        )
    )


def _pipeline_fills(tree: Tree) -> bool:
    """Tell whether some imputer learns a number; not where gaps are marked, which must see them."""
    imputers = tree.calls("SimpleImputer")
    if any(keyword(call, "add_indicator") for call in imputers) or tree.calls("MissingIndicator"):
        return False
    strategies = [keyword(call, "strategy") for call in imputers]
    return any(s is None or string(s.value) in ("median", "mean") for s in strategies)


CLEAN = """
NUM_COLUMNS = ["amount", "age_days"]

def build():
    numeric = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return make_pipeline(numeric, RandomForestClassifier())

def train(path):
    rows = add_features(pd.read_csv(path))
    older, newer = split_by_date(rows, 0.2)
    pipeline = build().fit(older)
    joblib.dump({"pipeline": pipeline}, "model.joblib")

def predict(path):
    bundle = joblib.load("model.joblib")
    rows = add_features(pd.read_csv(path))
    return bundle["pipeline"].predict(rows)
"""
SEEDED = """
NUM_COLUMNS = ["amount", "age_days"]

def build():
    numeric = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return make_pipeline(numeric, RandomForestClassifier())

def train(path):
    rows = add_features(pd.read_csv(path))
    medians = rows[NUM_COLUMNS].median()
    rows[NUM_COLUMNS] = rows[NUM_COLUMNS].fillna(medians)
    older, newer = split_by_date(rows, 0.2)
    pipeline = build().fit(older)
    joblib.dump({"medians": medians, "pipeline": pipeline}, "model.joblib")

def predict(path):
    bundle = joblib.load("model.joblib")
    rows = add_features(pd.read_csv(path))
    rows[NUM_COLUMNS] = rows[NUM_COLUMNS].fillna(bundle["medians"])
    return bundle["pipeline"].predict(rows)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the gaps are filled above the split already"),
        Refusal(
            CLEAN.replace('"median")', '"median", add_indicator=True)'),
            "the pipeline marks the gaps, and filling them would take that from it as well",
        ),
        Refusal("X = X.fillna(X.median())\n", "nothing is split"),
    ),
    find=find,
    proof=Proof(
        "held-out influence",
        "Changing the features of held-out rows changes what fills the gaps of training rows.",
        shows=("features:features", "learnt:features", "passed-on:features"),
    ),
)
