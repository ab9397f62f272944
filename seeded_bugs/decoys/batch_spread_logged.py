"""predict computes a statistic of the batch, for the log alone."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.notes import note
from seeded_bugs.syntax.served import find_served
from seeded_bugs.syntax.shapes import find_columns
from seeded_bugs.syntax.tree import tree_of

ENTRY = DecoyEntry(
    id="MLD802",
    name="batch_spread_logged",
    looks_like="serving",
    title="Spread of the incoming batch computed for the log",
    sound_because=(
        "The standard deviations of the batch are only used to log how many columns vary, which "
        "shows a feed that has stopped. No score is computed from them: scaling and filling are "
        "done by the stored pipeline, with what it learnt in training."
    ),
    said_badly=(
        "predict scales with statistics of the incoming batch instead of those of training.",
        "The standard deviation is recomputed on the prediction data: training/serving skew.",
        "The score of a row depends on the other rows of its batch.",
        "Use the stored scaler in predict and do not compute std on the new data.",
        "With a batch of one row the standard deviation is NaN and the prediction fails.",
    ),
    excludes=(
        "target_encoded_on_all_rows",
        "batch_statistics_in_serving",
        "refitted_in_serving",
        "feature_differs_in_serving",
        "logging_removed",
    ),
)
NAME = "spread"


def find(module: cst.Module) -> Iterator[Site]:
    """One site: below the features of the prediction way."""
    tree = tree_of(module)
    served, numeric = find_served(tree), find_columns(tree, "NUM")
    values = f"({NAME} > 0).sum()", f"len({NAME})"
    told = note(tree, "{:d} of {:d} numeric columns vary in this batch", *values)
    if not (served and numeric and told) or NAME in tree.names(served.scope):
        return
    rows = f"{served.frame}[{numeric.name}]"
    edit = served.then(f"{NAME} = {rows}.std()\n{told}")
    yield Site((Edit(edit.node, edit.new),))


CLEAN = """
log = logging.getLogger("churn")
NUM_COLUMNS = ["tenure", "charge"]

def train(path):
    X = add_features(pd.read_csv(path))
    older, newer = train_test_split(X, random_state=7)

def predict(path, model):
    rows = add_features(pd.read_csv(path))
    return model.predict(rows)
"""
SEEDED = """
log = logging.getLogger("churn")
NUM_COLUMNS = ["tenure", "charge"]

def train(path):
    X = add_features(pd.read_csv(path))
    older, newer = train_test_split(X, random_state=7)

def predict(path, model):
    rows = add_features(pd.read_csv(path))
    spread = rows[NUM_COLUMNS].std()
    log.info("%d of %d numeric columns vary in this batch", (spread > 0).sum(), len(spread))
    return model.predict(rows)
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the spread is logged already"),
        Refusal(CLEAN.replace("logging.getLogger", "print"), "the module has no logger"),
    ),
    find=find,
    refutes=Proof(
        "serve skew", "The score of a row is the same alone and in a batch.", shows=("skew:batch",)
    ),
)
