"""The seed that the caller gives is read and then not used."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.tree import Tree, string, tree_of

ENTRY = Entry(
    id="MLR506",
    name="seed_option_ignored",
    category="configuration",
    severity="major",
    anchor="span",
    title="The --seed option has no effect",
    wrong=(
        "The program offers --seed and explains it, but hands a literal 42 on instead of the "
        "value that was given."
    ),
    harm=(
        "Whoever repeats the training with several seeds to see how far the score depends on "
        "chance gets the same figures every time and takes the model to be stable. The recorded "
        "command line does not describe the run."
    ),
    fix="Pass args.seed on; if a fixed seed is wanted, make it the default of the option.",
    said_well=(
        "args.seed is parsed but never used: 42 is passed instead, so the option has no effect. "
        "Pass args.seed through.",
        "--seed is ignored because the seed is hard-coded in the call.",
        "Running with another --seed gives exactly the same result, so nobody can measure the "
        "variance over seeds; the literal 42 should be args.seed.",
        "Hard-coded seed overrides the command line argument. Make 42 the default and use the "
        "option.",
        "The CLI promises a seed for every random step, yet the value the user enters is dropped "
        "here.",
    ),
    near_misses=(
        "No seed is set, so two runs differ.",
        "Different seeds are used in different steps.",
        "The seed is taken from the clock.",
        "The test size should be an option too.",
    ),
    references=("https://scikit-learn.org/stable/common_pitfalls.html#controlling-randomness",),
    identifiers=("seed", "42", "args"),
    elsewhere=("split",),
    # MASKS: each of these makes runs differ, or agree, for another reason.
    conflicts=("missing_seed", "inconsistent_seeds", "seed_from_clock", "unseeded_subsample"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: all uses of ``args.seed`` where an option ``--seed`` is declared."""
    tree = tree_of(module)
    uses = _uses(tree) if _is_declared(tree) else []
    if uses:
        first, *others = (Edit(use, cst.Integer("42")) for use in uses)
        yield Site((first, *(Edit(edit.node, edit.new, "trace") for edit in others)))


def _is_declared(tree: Tree) -> bool:
    options = (call.args[0].value for call in tree.calls("add_argument") if call.args)
    return any(string(option) == "--seed" for option in options)


def _uses(tree: Tree) -> list[cst.Attribute]:
    """Return the places where the option is read from the parsed arguments."""
    return [
        node
        for node in tree.all(cst.Attribute)
        if node.attr.value == "seed"
        and isinstance(node.value, cst.Name)
        and node.value.value.startswith(("arg", "opt"))
    ]


CLEAN = """
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    return train(args.data, args.seed)
"""
SEEDED = """
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    return train(args.data, 42)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the option is ignored already"),
        Refusal(CLEAN.replace('"--seed"', '"--out"'), "no seed is offered to the caller"),
    ),
    find=find,
    proof=Proof(
        "partial seeding",
        "Runs with --seed 1 and --seed 2 report the same figures; the clean program's differ.",
        shows=("seed-ignored",),
        also=("fixed-seed",),
    ),
)
