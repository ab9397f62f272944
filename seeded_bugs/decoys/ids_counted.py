"""The log tells how many different identifiers there are, and none of them."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.notes import note
from seeded_bugs.syntax.predicting import line_of
from seeded_bugs.syntax.shapes import checked_frame, validation_lines
from seeded_bugs.syntax.target import id_name
from seeded_bugs.syntax.tree import tree_of

ENTRY = DecoyEntry(
    id="MLD971",
    name="ids_counted",
    looks_like="security",
    title="Identifier column used in a log line",
    sound_because=(
        "Only nunique() of the column is logged, one whole number. No identifier and no value that "
        "belongs to a single row reaches the log."
    ),
    said_badly=(
        "Identifiers are written to the log, which is a privacy problem.",
        "Personal data in log files: the id column must not be logged.",
        "Logging customer ids violates data protection; hash them or leave them out.",
        "The log line exposes who is in the data.",
    ),
    excludes=("personal_data_logged", "logging_removed"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site below each check of a table with identifiers, in a program that logs."""
    tree = tree_of(module)
    name = id_name(tree)
    for line in validation_lines(tree) if name else ():
        frame, following = checked_frame(line), tree.after(line)
        told = note(tree, "{:d} different ids", f"{frame}[{name}].nunique()") if frame else None
        if told and not (following and "nunique" in tree.names(following[0])):
            yield Site((Edit(line, [line, line_of(told)]),))


CLEAN = """
log = logging.getLogger("x")
ID = "customer_id"

def train(path):
    frame = read(path)
    validate(frame)
    return fit(frame)
"""
SEEDED = """
log = logging.getLogger("x")
ID = "customer_id"

def train(path):
    frame = read(path)
    validate(frame)
    log.info("%d different ids", frame[ID].nunique())
    return fit(frame)
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the identifiers are counted already"),
        Refusal(CLEAN.replace("customer_id", "hour"), "no column holds identifiers"),
    ),
    find=find,
    refutes=Proof(
        "output scan",
        "No identifier of the data stands in the log of a run.",
        shows=("personal-data",),
    ),
)
