"""Training leaves no trace of its row counts, folds and results."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.logs import info_lines
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.tree import tree_of

ENTRY = Entry(
    id="MLR404",
    name="logging_removed",
    category="reproducibility",
    severity="minor",
    anchor="absence",
    title="No logging in training",
    wrong=(
        "The training function logs nothing: neither the number of rows, nor the split, nor "
        "the scores of the folds."
    ),
    harm=(
        "When a result looks odd, nobody can see how many rows were read and kept, what "
        "cross-validation said, or which threshold was chosen; runs cannot be compared "
        "afterwards."
    ),
    fix=(
        "Log row counts, split sizes, cross-validation mean and spread, and the final metrics, "
        "with a run's settings."
    ),
    said_well=(
        "There is no logging in the training function: row counts, split sizes and scores "
        "are recorded nowhere. Log them.",
        "Nothing is logged during training, so a failed or odd run cannot be understood "
        "afterwards.",
        "Training runs silently: no data sizes, no cross-validation scores, no parameters "
        "in any log, which makes experiments impossible to compare.",
        "Missing logging of data size, parameters and results. Add it, this run leaves no record.",
        "You cannot tell afterwards how many rows were used or what the folds scored, "
        "since the train step logs nothing.",
    ),
    near_misses=(
        "Use logging instead of print.",
        "The model file carries no metadata.",
        "Personal data is written to the log.",
    ),
    references=("https://docs.python.org/3/howto/logging.html",),
    identifiers=(
        "log",
        "logging",
        "info",
    ),
    elsewhere=("fit",),
    conflicts=(),
)

LEAST = 2


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the training function, whose log lines all go."""
    tree = tree_of(module)
    split = find_split(tree)
    lines = info_lines(tree, split.scope) if split else []
    lines = [line for line in lines if len(tree.block(line)) > 1]
    if len(lines) >= LEAST:
        yield Site(tuple(Edit(line, []) for line in lines))


CLEAN = """
log = logging.getLogger("x")

def train(X, y):
    a, b, c, d = train_test_split(X, y, random_state=7)
    log.info("%d rows", len(a))
    model = build().fit(a, c)
    log.info("score %.3f", model.score(b, d))
    return model
"""
SEEDED = """
log = logging.getLogger("x")

def train(X, y):
    a, b, c, d = train_test_split(X, y, random_state=7)
    model = build().fit(a, c)
    return model
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "nothing is logged already"),
        Refusal("import logging\nlog = logging.getLogger()\nlog.info(1)\n", "nothing is trained"),
    ),
    find=find,
    proof=Proof(
        "output scan",
        "The log of a training run tells less than half of the figures that the clean one tells.",
        shows=("log-silent",),
    ),
)
