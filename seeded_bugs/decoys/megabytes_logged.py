"""A number in the code is a unit: 1024 squared bytes are a megabyte and will stay so."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.notes import note
from seeded_bugs.syntax.predicting import line_of
from seeded_bugs.syntax.shapes import checked_frame, validation_lines
from seeded_bugs.syntax.tree import tree_of

ENTRY = DecoyEntry(
    id="MLD503",
    name="megabytes_logged",
    looks_like="configuration",
    title="1024**2 written into the code",
    sound_because=(
        "The number turns bytes into megabytes for the log. It is a definition and no setting: "
        "nobody will ever want another value, so there is nothing to configure."
    ),
    said_badly=(
        "Magic number 1024 should be a configuration setting.",
        "Hard-coded constant in the logging line, move it to the config.",
        "The memory limit is hard-coded and cannot be changed from outside.",
        "1024**2 is an unexplained literal that influences how many rows are processed.",
    ),
    excludes=("logging_removed",),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site below each check of a table, in a program that logs."""
    tree = tree_of(module)
    for line in validation_lines(tree):
        frame, following = checked_frame(line), tree.after(line)
        size = f"{frame}.memory_usage(deep=True).sum() / 1024**2"
        told = note(tree, "{:.1f} MB in memory", size) if frame else None
        if told and not (following and "memory_usage" in tree.names(following[0])):
            yield Site((Edit(line, [line, line_of(told)]),))


CLEAN = """
log = logging.getLogger("x")

def train(path):
    frame = read(path)
    validate(frame)
    log.info("%d rows", len(frame))
"""
SEEDED = """
log = logging.getLogger("x")

def train(path):
    frame = read(path)
    validate(frame)
    log.info("%.1f MB in memory", frame.memory_usage(deep=True).sum() / 1024**2)
    log.info("%d rows", len(frame))
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the size is logged already"),
        Refusal("def train(frame):\n    validate(frame)\n", "the program has no logger"),
    ),
    find=find,
    refutes=Proof(
        "static",
        "No setting of a model and no cut of a score is a literal at this line.",
        shows=("literal-settings", "threshold-literal"),
    ),
)
