"""A second scaler is fitted outside the pipeline, on training rows, for a line in the log."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.imported import require
from seeded_bugs.syntax.imports import import_name
from seeded_bugs.syntax.notes import note
from seeded_bugs.syntax.shapes import find_columns, find_split
from seeded_bugs.syntax.tree import statements, tree_of

ENTRY = DecoyEntry(
    id="MLD104",
    name="scaled_training_rows_logged",
    looks_like="leakage",
    title="A scaler fitted outside the pipeline for a log line",
    sound_because=(
        "This scaler is fitted below the split, on the training rows. Its result is used for one "
        "log line about extreme values and for nothing else. The model gets its own scaler, which "
        "the pipeline fits in every fold."
    ),
    said_badly=(
        "fit_transform outside the pipeline leaks into cross-validation: every fold has been "
        "scaled with statistics of all training rows.",
        "The scaler is fitted before cross-validation, so the fold scores are optimistic.",
        "The numeric columns are scaled twice, here and in the pipeline.",
        "Data leakage: StandardScaler().fit_transform is run on all rows.",
        "The scaler fitted here is not saved, so serving cannot apply the same scaling.",
    ),
    excludes=(
        "target_encoded_on_all_rows",
        "scaler_fitted_before_split",
        "refitted_in_serving",
        "batch_statistics_in_serving",
        "logging_removed",
    ),
)
MESSAGE = "furthest training value: {:.1f} standard deviations from the mean"


def find(module: cst.Module) -> Iterator[Site]:
    """One site: below the split."""
    tree = tree_of(module)
    split, numeric = find_split(tree), find_columns(tree, "NUM")
    line = note(tree, MESSAGE, "np.nanmax(np.abs(scaled))")
    if not (split and numeric and line) or "scaled" in tree.names(split.scope):
        return
    rows = f"{split.targets[0]}[{numeric.name}]"
    added = statements(f"scaled = StandardScaler().fit_transform({rows})\n{line}")
    yield Site(
        (
            Edit(split.line, [split.line, *added]),
            *import_name(tree, "sklearn.preprocessing", "StandardScaler"),
            *require(tree, "import numpy as np"),
        )
    )


CLEAN = """
import numpy as np
from sklearn.preprocessing import StandardScaler
log = logging.getLogger("churn")
NUM_COLUMNS = ["tenure", "charge"]

def train(X, seed):
    train_rows, test_rows = train_test_split(X, random_state=seed)
    pipeline = build().fit(train_rows)
"""
SEEDED = """
import numpy as np
from sklearn.preprocessing import StandardScaler
log = logging.getLogger("churn")
NUM_COLUMNS = ["tenure", "charge"]

def train(X, seed):
    train_rows, test_rows = train_test_split(X, random_state=seed)
    scaled = StandardScaler().fit_transform(train_rows[NUM_COLUMNS])
    log.info("furthest training value: %.1f standard deviations from the mean", \
np.nanmax(np.abs(scaled)))
    pipeline = build().fit(train_rows)
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the line is there already"),
        Refusal(CLEAN.replace("log = logging.getLogger", "print"), "the module has no logger"),
    ),
    find=find,
    refutes=Proof(
        "held-out influence",
        "Changing the features of held-out rows changes neither the model nor the fold scores.",
        shows=("features:features", "fit:features"),
    ),
)
