"""dropna on a copy, to log how many rows are complete."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.notes import note
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.tree import statements, tree_of

ENTRY = DecoyEntry(
    id="MLD702",
    name="complete_rows_counted",
    looks_like="validation",
    title="dropna on a copy that is only counted",
    sound_because=(
        "dropna returns a new table here, which is counted for the log and not used again. The "
        "split below gets the table with all its rows."
    ),
    said_badly=(
        "dropna() silently discards all rows with a missing value.",
        "Incomplete rows are dropped before the split, so the model is trained on a biased "
        "sample. Impute instead.",
        "Rows with missing values are removed in training, but predict gets such rows.",
        "dropna loses much of the data without a limit.",
        "The result of dropna is thrown away, so the missing values are still there.",
    ),
    excludes=("silently_dropped_rows", "discarded_result", "logging_removed"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: above the split."""
    tree = tree_of(module)
    split = find_split(tree)
    if split is None or "complete" in tree.names(split.scope):
        return
    lengths = ("len(complete)", f"len({split.frame})")
    told = note(tree, "{:d} of {:d} rows are complete", *lengths)
    if told is not None:
        added = statements(f"complete = {split.frame}.dropna()\n{told}")
        yield Site((Edit(split.line, [*added, split.line]),))


CLEAN = """
log = logging.getLogger("churn")

def train(X, seed):
    older, newer = train_test_split(X, random_state=seed)
"""
SEEDED = """
log = logging.getLogger("churn")

def train(X, seed):
    complete = X.dropna()
    log.info("%d of %d rows are complete", len(complete), len(X))
    older, newer = train_test_split(X, random_state=seed)
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the rows are counted already"),
        Refusal("log = logging.getLogger()\nX = load()\n", "nothing is split"),
    ),
    find=find,
    refutes=Proof("row count", "As many rows are split as without the line.", shows=("rows-lost",)),
)
