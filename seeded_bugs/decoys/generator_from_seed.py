"""random_state is a generator object, made from the seed one line above."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.imported import require
from seeded_bugs.syntax.seeds import seeded_calls
from seeded_bugs.syntax.tree import call_name, code, keyword, statement, tree_of

ENTRY = DecoyEntry(
    id="MLD402",
    name="generator_from_seed",
    looks_like="reproducibility",
    title="random_state given as a generator made from the seed",
    sound_because=(
        "The generator is made from the given seed one line above and is used once. scikit-learn "
        "and pandas turn an integer into this very generator, so the draw is the same as with the "
        "integer, in every run."
    ),
    said_badly=(
        "random_state is not a fixed integer, so the step is not reproducible.",
        "The step has no seed; pass random_state=seed.",
        "A shared random generator is used, the result depends on the order of the calls.",
        "Missing seed: rng is a random object and gives other draws in every run.",
    ),
    excludes=("missing_seed", "inconsistent_seeds", "seed_from_clock", "unseeded_subsample"),
)
ONE_DRAW = ("train_test_split", "sample", "resample", "DummyClassifier", "DummyRegressor")
LOOPS = (cst.BaseComp, cst.Lambda, cst.For, cst.While)


def find(module: cst.Module) -> Iterator[Site]:
    """One site a step that draws once: the split, a sample, a baseline."""
    tree = tree_of(module)
    for call in seeded_calls(tree):
        line, scope, seed = tree.statement(call), tree.scope(call), keyword(call, _SEED)
        if call_name(call) not in ONE_DRAW or scope is tree.module or seed is None:
            continue
        repeated = any(isinstance(above, LOOPS) for above in tree.up(call))
        if repeated or "rng" in tree.names(scope) or not isinstance(line, cst.SimpleStatementLine):
            continue
        made = statement(f"rng = np.random.RandomState({code(seed.value)})")
        drawn = line.deep_replace(seed.value, cst.Name("rng"))
        assert isinstance(drawn, cst.SimpleStatementLine)
        edit = Edit(line, [made, drawn])
        yield Site((edit, *require(tree, "import numpy as np")))


_SEED = "random_state"

CLEAN = """
import numpy as np

def train(X, seed):
    older, newer = train_test_split(X, random_state=seed)
    return older
"""
SEEDED = """
import numpy as np

def train(X, seed):
    rng = np.random.RandomState(seed)
    older, newer = train_test_split(X, random_state=rng)
    return older
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "a generator is given already"),
        Refusal(
            "def draws(x, seed):\n    return [resample(x, random_state=seed) for _ in range(9)]\n",
            "the step is repeated",
        ),
    ),
    find=find,
    refutes=Proof(
        "run to run", "Two runs with the same --seed give the same report.", shows=("same-seed",)
    ),
)
