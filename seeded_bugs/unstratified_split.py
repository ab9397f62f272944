"""A rare class is split by chance alone, so its share differs between the parts."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.tree import code, keyword, tree_of, without_keyword

ENTRY = Entry(
    id="MLR206",
    name="unstratified_split",
    category="evaluation",
    severity="major",
    anchor="span",
    title="Unstratified split of unequal classes",
    wrong="train_test_split is called without stratify although the classes are of unequal size.",
    harm=(
        "The number of positives in the test part is left to chance: with a rare class the "
        "held-out score swings from seed to seed, and training and test part no longer have the "
        "same class balance."
    ),
    fix="Pass stratify=y, so that both parts keep the share of every class.",
    said_well=(
        "The split is not stratified although the target is imbalanced, so the share of positives "
        "in train and test differs by chance; pass stratify=y.",
        "train_test_split without stratify on a rare class.",
        "Missing stratification: with so few positive rows the test set may end up with hardly "
        "any of them and the metric becomes noisy. Add stratify to the split.",
        "Class proportions are not preserved between the training and the test set because the "
        "split ignores the labels.",
        "Use stratify=y here: chance decides how many rare cases land in the held-out rows, so "
        "scores of two seeds cannot be compared.",
    ),
    near_misses=(
        "The classes are imbalanced, use class_weight.",
        "The split has no random_state.",
        "Accuracy is misleading on an imbalanced target.",
        "The folds of the cross-validation are not shuffled.",
    ),
    references=("https://scikit-learn.org/stable/modules/cross_validation.html#stratification",),
    identifiers=("train_test_split", "stratify"),
    elsewhere=("evaluate",),
    conflicts=("shuffled_time_split",),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the split, where it is stratified."""
    split = find_split(tree_of(module))
    given = keyword(split.call, "stratify") if split is not None else None
    if split is not None and given is not None and code(given.value) != "None":
        yield Site((Edit(split.call, without_keyword(split.call, "stratify")),))


CLEAN = """
def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, stratify=y, random_state=seed)
"""
SEEDED = """
def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the split is not stratified"),
        Refusal(CLEAN.replace("stratify=y", "stratify=None"), "it is not stratified, in words"),
    ),
    find=find,
    proof=Proof(
        "split balance",
        "Over 30 seeds the number of positives in the test part spreads more than when stratified.",
        shows=("unstratified",),
    ),
)
