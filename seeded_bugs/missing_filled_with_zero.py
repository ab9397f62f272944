"""Every missing number becomes 0, whether or not 0 means anything in its column."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.features import feature_frame, feature_function
from seeded_bugs.syntax.predicting import line_of, stacked
from seeded_bugs.syntax.shapes import find_columns
from seeded_bugs.syntax.tree import Tree, code, tree_of

ENTRY = Entry(
    id="MLR704",
    name="missing_filled_with_zero",
    category="validation",
    severity="major",
    anchor="span",
    title="Missing values replaced by zero",
    wrong="fillna(0) puts 0 in place of every missing value of the numeric columns.",
    harm=(
        "Zero is a real value or an impossible one in these columns, so unknown rows look like an "
        "extreme group and distort mean and scale. The pipeline's imputer never sees a gap."
    ),
    fix=(
        "Leave the gaps to the imputer of the pipeline (median, with an indicator where absence "
        "tells something), and use 0 only where absent truly means none."
    ),
    said_well=(
        "fillna(0) for all numeric columns: a missing value is not zero. Impute with the median "
        "in the pipeline instead.",
        "All NaN become 0, which distorts the distributions and the scaling; use the imputer.",
        "Filling with 0 makes unknown look like a real measurement, so the model learns a wrong "
        "relation. Keep NaN and let the SimpleImputer do it.",
        "Zero is no sensible replacement for missing values in these columns.",
        "The imputer in the pipeline has nothing to do any more because the gaps were set to "
        "zero before; remove the fillna.",
    ),
    near_misses=(
        "The median is computed on all rows before the split.",
        "Rows with missing values are dropped.",
        "Text in numeric columns is turned into NaN.",
    ),
    references=("https://scikit-learn.org/stable/modules/impute.html",),
    identifiers=("fillna", "SimpleImputer"),
    elsewhere=("pipeline",),
    # MASKS: where no gap is left, nothing is seen of how gaps are filled or rows with gaps go.
    conflicts=(
        "imputer_fitted_before_split",
        "silently_dropped_rows",
        "values_coerced_to_nan",
        "batch_statistics_in_serving",
        # Its new column does not exist yet where the zeros are filled in.
        "target_encoded_on_all_rows",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: at the end of the feature function that training and serving share."""
    tree = tree_of(module)
    function, numeric = feature_function(tree), find_columns(tree, "NUM")
    frame = feature_frame(tree)
    last = _return(tree, function) if function is not None else None
    if function is None or numeric is None or frame is None or last is None:
        return
    part = f"{frame}[{numeric.name}]"
    filled = line_of(f"{part} = {part}.fillna(0)")
    if all(code(line).strip() != code(filled).strip() for line in tree.before(last)):
        yield Site((Edit(last, stacked([filled, last], last)),))


def _return(tree: Tree, function: cst.FunctionDef) -> cst.SimpleStatementLine | None:
    """Return the last line of the function if it is its only ``return``."""
    returns = tree.all(cst.Return, function)
    last = function.body.body[-1]
    if len(returns) != 1 or not isinstance(last, cst.SimpleStatementLine):
        return None
    return last if tree.parent(returns[0]) is last else None


CLEAN = """
NUM_COLUMNS = ["age", "income"]

def add_features(df):
    df["rate"] = df["income"] / df["age"]
    return df

def train(path):
    X = add_features(pd.read_csv(path))
    a, b = train_test_split(X, random_state=7)
"""
SEEDED = """
NUM_COLUMNS = ["age", "income"]

def add_features(df):
    df["rate"] = df["income"] / df["age"]
    df[NUM_COLUMNS] = df[NUM_COLUMNS].fillna(0)
    return df

def train(path):
    X = add_features(pd.read_csv(path))
    a, b = train_test_split(X, random_state=7)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the gaps are filled already"),
        Refusal("df = df.dropna()\n", "there is no function for the features"),
    ),
    find=find,
    proof=Proof(
        "garbage in",
        "Emptied cells reach the pipeline as 0; in the clean program as NaN, for its imputer.",
        shows=("zero-filled",),
    ),
)
