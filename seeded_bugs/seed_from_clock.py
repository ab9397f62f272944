"""The seed is taken from the clock, so no run can be repeated."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.imported import require
from seeded_bugs.syntax.tree import Tree, expression, keyword, string, tree_of, with_keyword

ENTRY = Entry(
    id="MLR405",
    name="seed_from_clock",
    category="reproducibility",
    severity="major",
    anchor="span",
    title="Seed taken from the clock",
    wrong="The default seed is the current time, so it is another number at every start.",
    harm=(
        "Every run splits and fits differently; the figures in a report cannot be reproduced, "
        "and a change of the code cannot be told from a change of the draw."
    ),
    fix="Use a fixed seed from the configuration or the command line, and record it.",
    said_well=(
        "The seed comes from time.time(), so every run is different and nothing can be "
        "reproduced; use a fixed default.",
        "Seeding from the clock defeats the purpose of a seed.",
        "The default seed is the current time: two runs of the same command give different "
        "splits and different scores. Set a constant default and log it.",
        "Time-based seed, results are not reproducible. Fix it.",
        "A seed that changes every second makes runs incomparable.",
    ),
    near_misses=(
        "Some steps do not get the seed.",
        "The run time should be logged.",
        "Use a larger seed.",
    ),
    references=("https://scikit-learn.org/stable/common_pitfalls.html#controlling-randomness",),
    identifiers=("time", "seed", "default"),
    conflicts=("missing_seed", "inconsistent_seeds", "unseeded_subsample"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the seed option of the command line, whose default becomes the time."""
    tree = tree_of(module)
    for call in tree.calls("add_argument"):
        default = keyword(call, "default")
        named = bool(call.args) and string(call.args[0].value) == "--seed"
        if named and default is not None and isinstance(default.value, cst.Integer):
            clock = expression("int(time.time())")
            yield Site((Edit(call, with_keyword(call, "default", clock)), *_import(tree)))


def _import(tree: Tree) -> tuple[Edit, ...]:
    return require(tree, "import time")


CLEAN = """
import argparse

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=7)
"""
SEEDED = """
import argparse
import time

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=int(time.time()))
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the default is the clock already"),
        Refusal('parser.add_argument("--folds", default=5)\n', "that is no seed"),
    ),
    find=find,
    proof=Proof(
        "run to run", "Two runs without a seed argument give different metrics.", shows=("no-seed",)
    ),
)
