"""Steps use different literal seeds, and the seed argument reaches none of them."""

from collections.abc import Iterator
from itertools import combinations

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.seeds import seeded_calls
from seeded_bugs.syntax.tree import tree_of, with_keyword

LITERALS = ("42", "0", "123", "1", "2024")

ENTRY = Entry(
    id="MLR401",
    name="inconsistent_seeds",
    category="reproducibility",
    severity="major",
    anchor="span",
    title="Different literal seeds in different steps",
    wrong=("Random steps are given different literal seeds instead of the one seed of the run."),
    harm=(
        "The --seed argument no longer controls the run: changing it moves some steps and not "
        "others, so spread over seeds is understated and a result cannot be tied to one seed."
    ),
    fix="Take one seed from one place (the argument) and pass it to every random step.",
    said_well=(
        "The seeds are inconsistent: random_state=42 here and another number further down; use "
        "the one seed of the run everywhere.",
        "Different hard-coded seeds in different steps, so the seed argument does not control the "
        "run and results cannot be reproduced from it.",
        "random_state is a literal here while the rest uses seed. Use one seed throughout.",
        "Why 42 in one call and 0 in the next? With mixed seeds, changing --seed changes only "
        "part of the run.",
        "Each random step has its own magic seed; define a single seed and pass it on.",
    ),
    near_misses=(
        "The split has no random_state at all.",
        "42 is a magic number, name it.",
        "The model should be trained with several seeds.",
    ),
    references=("https://scikit-learn.org/stable/common_pitfalls.html#controlling-randomness",),
    identifiers=("random_state", "seed"),
    conflicts=("missing_seed", "seed_from_clock", "unseeded_subsample"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site for each pair of seeded calls: both get a literal, and not the same."""
    tree = tree_of(module)
    pairs = combinations(enumerate(seeded_calls(tree)), 2)
    for (i, first), (j, second) in pairs:
        if not (tree.is_below(first, second) or tree.is_below(second, first)):
            # One of the four literals that the first does not have.
            other = i + 1 + (j - i - 1) % (len(LITERALS) - 1)
            yield Site((_literal(first, i), _literal(second, other)))


def _literal(call: cst.Call, number: int) -> Edit:
    value = cst.Integer(LITERALS[number % len(LITERALS)])
    return Edit(call, with_keyword(call, "random_state", value))


CLEAN = """
def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    return RandomForestClassifier(random_state=seed).fit(a, c)
"""
SEEDED = """
def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=42)
    return RandomForestClassifier(random_state=0).fit(a, c)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal("model = Forest(random_state=seed)\n", "one random step cannot disagree"),
        Refusal(SEEDED, "the seeds are literals already"),
    ),
    find=find,
    proof=Proof(
        "partial seeding",
        "Two runs with different seed arguments leave the seeded steps alike.",
        shows=("fixed-seed",),
        also=("seed-ignored",),
    ),
)
