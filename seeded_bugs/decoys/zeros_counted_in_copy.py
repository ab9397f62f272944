"""Missing values become 0 in a copy that is only counted for the log."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.notes import note
from seeded_bugs.syntax.shapes import find_columns, find_split
from seeded_bugs.syntax.tree import statements, tree_of

ENTRY = DecoyEntry(
    id="MLD701",
    name="zeros_counted_in_copy",
    looks_like="validation",
    title="fillna(0) on a copy that is only counted",
    sound_because=(
        "fillna returns a new table here, and that table is only counted for a log line: it asks "
        "how many cells are empty or zero. The rows that go into the split keep their missing "
        "values, and the pipeline imputes them."
    ),
    said_badly=(
        "Missing values are replaced by 0, which is a real value for these columns. Use the "
        "median.",
        "fillna(0) on all numeric columns distorts the distribution.",
        "Missing values are filled before the split, outside the pipeline: leakage.",
        "The imputer in the pipeline has nothing left to do because everything is filled with 0.",
        "The missing values become zero in training, but not in predict.",
    ),
    excludes=(
        "target_encoded_on_all_rows",
        "missing_filled_with_zero",
        "imputer_fitted_before_split",
        "silently_dropped_rows",
        "discarded_result",
        "logging_removed",
    ),
)
MESSAGE = "{:d} numeric cells are empty or zero"
NAME = "zero_filled"


def find(module: cst.Module) -> Iterator[Site]:
    """One site: above the split."""
    tree = tree_of(module)
    split, numeric = find_split(tree), find_columns(tree, "NUM")
    told = note(tree, MESSAGE, f"({NAME} == 0).to_numpy().sum()")
    if not (split and numeric and told) or NAME in tree.names(split.scope):
        return
    filled = f"{NAME} = {split.frame}[{numeric.name}].fillna(0)\n"
    yield Site((Edit(split.line, [*statements(filled + told), split.line]),))


CLEAN = """
log = logging.getLogger("churn")
NUM_COLUMNS = ["tenure", "charge"]

def train(X, seed):
    older, newer = train_test_split(X, random_state=seed)
"""
SEEDED = """
log = logging.getLogger("churn")
NUM_COLUMNS = ["tenure", "charge"]

def train(X, seed):
    zero_filled = X[NUM_COLUMNS].fillna(0)
    log.info("%d numeric cells are empty or zero", (zero_filled == 0).to_numpy().sum())
    older, newer = train_test_split(X, random_state=seed)
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the cells are counted already"),
        Refusal(CLEAN.replace("NUM_COLUMNS", "columns"), "the numeric columns are not listed"),
    ),
    find=find,
    refutes=Proof(
        "garbage in",
        "The rows that are split hold the same missing values.",
        shows=("zero-filled",),
    ),
)
