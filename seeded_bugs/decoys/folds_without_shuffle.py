"""Folds without a seed: they are not shuffled, and the rows were shuffled by the split."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.task import is_random
from seeded_bugs.syntax.tree import code, keyword, tree_of, without_keyword

ENTRY = DecoyEntry(
    id="MLD403",
    name="folds_without_shuffle",
    looks_like="reproducibility",
    title="Cross-validation folds without random_state",
    sound_because=(
        "Without shuffle the folds are cut from the rows as they stand; nothing is drawn, so there "
        "is nothing to seed. The rows are the training part of a seeded, shuffled split, so their "
        "order is random already."
    ),
    said_badly=(
        "The folds have no random_state, so cross-validation gives other figures in every run.",
        "Missing seed in StratifiedKFold.",
        "shuffle=True is missing: the folds follow the order of the file and are not "
        "representative.",
        "Cross-validation is not reproducible because the splitter has no seed.",
    ),
    excludes=(
        "missing_seed",
        "inconsistent_seeds",
        "shuffled_time_split",
        "no_cross_validation",
        "resampled_before_split",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site a seeded, shuffled fold maker below a random split."""
    tree = tree_of(module)
    split = find_split(tree)
    if split is None or not is_random(split):
        return
    below = tree.after(split.line)
    for call in tree.calls("KFold", "StratifiedKFold", within=split.scope):
        shuffle, seed = keyword(call, "shuffle"), keyword(call, "random_state")
        shuffled = shuffle is not None and code(shuffle.value) == "True"
        if shuffled and seed is not None and tree.statement(call) in below:
            yield Site((Edit(call, without_keyword(call, "shuffle", "random_state")),))


CLEAN = """
def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    folds = StratifiedKFold(n_splits=5, shuffle=True, random_state=seed)
    return cross_val_score(build(), a, c, cv=folds)
"""
SEEDED = """
def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    folds = StratifiedKFold(n_splits=5)
    return cross_val_score(build(), a, c, cv=folds)
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the folds are not shuffled already"),
        Refusal(CLEAN.replace("y, random", "y, shuffle=False, random"), "the rows keep an order"),
    ),
    find=find,
    refutes=Proof(
        "run to run",
        "Two runs with the same --seed give the same fold scores.",
        shows=("same-seed",),
    ),
)
