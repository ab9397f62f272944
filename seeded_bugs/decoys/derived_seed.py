"""A second generator gets a seed derived from the one given: seed + 1."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.seeds import seeded_calls
from seeded_bugs.syntax.shapes import find_bundle
from seeded_bugs.syntax.tree import call_name, code, expression, keyword, string, tree_of

ENTRY = DecoyEntry(
    id="MLD401",
    name="derived_seed",
    looks_like="reproducibility",
    title="A second seed, derived from the first",
    sound_because=(
        "seed + 1 follows from the one --seed, which is stored with the model, so the run can be "
        "repeated exactly. Steps that draw independently of each other need not share one number."
    ),
    said_badly=(
        "Inconsistent seeds: this step uses another random_state than the split.",
        "seed + 1 makes the run irreproducible. Use the same seed everywhere.",
        "Different seeds in different steps, results cannot be compared.",
        "A magic +1 on the seed; the random state should be one constant.",
    ),
    excludes=(
        "unversioned_model",
        "inconsistent_seeds",
        "missing_seed",
        "seed_from_clock",
        "unseeded_subsample",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site a seeded step but the split, where the seed is stored with the model."""
    tree = tree_of(module)
    bundle = find_bundle(tree)
    parts = bundle.elements if bundle else ()
    stored = {string(part.key) for part in parts if isinstance(part, cst.DictElement)}
    for call in seeded_calls(tree) if "seed" in stored else ():
        seed = keyword(call, "random_state")
        if seed is not None and not call_name(call).endswith("split"):
            yield Site((Edit(seed.value, expression(f"{code(seed.value)} + 1")),))


CLEAN = """
def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    folds = KFold(shuffle=True, random_state=seed)
    joblib.dump({"folds": folds, "seed": seed}, "model.joblib")
"""
SEEDED = """
def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    folds = KFold(shuffle=True, random_state=seed + 1)
    joblib.dump({"folds": folds, "seed": seed}, "model.joblib")
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the seed is derived already"),
        Refusal(CLEAN.replace(', "seed": seed', ""), "the seed is stored nowhere"),
    ),
    find=find,
    refutes=Proof(
        "run to run", "Two runs with the same --seed give the same report.", shows=("same-seed",)
    ),
)
