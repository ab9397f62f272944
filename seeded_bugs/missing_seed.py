"""A random step runs without a seed, so two runs of the same code differ."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.seeds import seeded_calls
from seeded_bugs.syntax.tree import tree_of, without_keyword

ENTRY = Entry(
    id="MLR402",
    name="missing_seed",
    category="reproducibility",
    severity="major",
    anchor="span",
    title="Random step without a seed",
    wrong="A step that draws at random gets no random_state, although the program has a seed.",
    harm=(
        "Two runs on the same data give different rows, a different model and different figures, "
        "so nobody can reproduce the result or tell a better model from a luckier draw."
    ),
    fix="Pass random_state=seed to this step, as to all others.",
    said_well=(
        "No random_state here, so every run gives another result; pass the seed.",
        "This step is not seeded: results are not reproducible from run to run.",
        "random_state is missing in this call although the others get the seed, therefore two "
        "runs with the same --seed differ. Pass the seed here too.",
        "The randomness of this step is uncontrolled, which makes the reported score impossible "
        "to reproduce.",
        "Set random_state, otherwise the split or the model changes each time the script runs.",
    ),
    near_misses=(
        "The seeds differ between the steps.",
        "The split is not stratified.",
        "Use several seeds and report the spread.",
    ),
    references=("https://scikit-learn.org/stable/common_pitfalls.html#controlling-randomness",),
    identifiers=("random_state", "seed", "train_test_split"),
    conflicts=("inconsistent_seeds", "seed_from_clock", "unseeded_subsample"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site for each call that is handed the seed: the argument goes."""
    for call in seeded_calls(tree_of(module)):
        yield Site((Edit(call, without_keyword(call, "random_state")),))


CLEAN = """
def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, stratify=y, random_state=seed)
    return RandomForestClassifier(n_estimators=TREES, random_state=seed).fit(a, c)
"""
SEEDED = """
def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, stratify=y)
    return RandomForestClassifier(n_estimators=TREES, random_state=seed).fit(a, c)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal("model = RandomForestClassifier()\n", "there is no seed to leave out"),
        Refusal("folds = KFold(5, random_state=42)\n", "the seed is a literal of its own"),
    ),
    find=find,
    proof=Proof(
        "run to run",
        "Two runs with the same seed argument give different metrics.",
        shows=("same-seed",),
        also=(
            "no-seed",
            "seed-ignored",
        ),
    ),
)
