"""Rows of one entity are held out and trained on: the split goes by row and not by entity."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.grouped import find_group_split
from seeded_bugs.syntax.imports import swap_import
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.task import find_labels, is_classification
from seeded_bugs.syntax.tree import code, expression, tree_of

ENTRY = Entry(
    id="MLR112",
    name="groups_split_at_random",
    category="leakage",
    severity="critical",
    anchor="span",
    title="Rows of the same entity in training and test part",
    wrong=(
        "Several rows belong to one entity (a user, a patient, a machine), yet train_test_split "
        "parts single rows at random, so most entities have rows on both sides."
    ),
    harm=(
        "The model is tested on entities that it has met in training and may simply recognise. The "
        "held-out score is too good for entities it has never seen, which are what it will be "
        "used on, and nothing in the figures shows it."
    ),
    fix="Split by entity: GroupShuffleSplit, or hold out a share of the ids with all their rows.",
    said_well=(
        "Rows of the same user/patient end up in both train and test because the split is by row. "
        "Use a group split (GroupShuffleSplit) on the id.",
        "Group leakage: the split ignores the id.",
        "Each entity has several rows, so a random row split lets the model see the test entities "
        "in training and the score is over-optimistic for new ones.",
        "train_test_split should not be used here; all rows of one id have to stay on one side of "
        "the split.",
        "The hold-out does not measure generalisation to unseen entities as the same ids occur in "
        "training. Split on unique ids.",
    ),
    near_misses=(
        "Exact duplicates are on both sides of the split.",
        "The rows should be split by time.",
        "The cross-validation folds ignore the groups.",
        "The id is used as a feature.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/cross_validation.html#group-cv",
        "https://doi.org/10.1016/j.patter.2023.100804",
    ),
    identifiers=("train_test_split", "GroupShuffleSplit", "groups", "stratify"),
    elsewhere=("evaluate", "cross-validate"),
    # SAME LINE: the splitting line. MASKS: repeated rows and folds share the cause.
    conflicts=(
        "folds_ignore_groups",
        "duplicates_across_split",
        "resampled_before_split",
        "unstratified_split",
        "scored_on_training_rows",
        "feature_known_after_outcome",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: a split by an own function that keeps groups whole."""
    tree = tree_of(module)
    split, groups = find_split(tree), find_group_split(tree)
    if split is None or groups is None:
        return
    size, seed = code(groups.share), code(groups.seed)
    labels = find_labels(tree, split) if is_classification(tree) else None
    stratified = f", stratify={labels}" if labels else ""
    parted = expression(
        f"train_test_split({split.frame}, test_size={size}{stratified}, random_state={seed})"
    )
    imports = swap_import(
        tree, "sklearn.model_selection", "GroupShuffleSplit", "train_test_split", gone=1
    )
    # The helper goes: nothing else calls it.
    yield Site((Edit(split.call, parted), Edit(groups.helper, None, "support"), *imports))


CLEAN = """
from sklearn.model_selection import GroupShuffleSplit

def split_by_user(rows, share, seed):
    lots = GroupShuffleSplit(n_splits=1, test_size=share, random_state=seed)
    a, b = next(lots.split(rows, groups=rows["user_id"]))
    return rows.iloc[a], rows.iloc[b]

def train(rows, seed):
    learn, held = split_by_user(rows, 0.25, seed)
    model = Ridge().fit(learn[FEATURES], learn[TARGET])
"""
SEEDED = """
from sklearn.model_selection import train_test_split

def train(rows, seed):
    learn, held = train_test_split(rows, test_size=0.25, random_state=seed)
    model = Ridge().fit(learn[FEATURES], learn[TARGET])
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the rows are parted one by one already"),
        Refusal(CLEAN.replace("GroupShuffleSplit", "ShuffleSplit"), "no groups are kept whole"),
    ),
    find=find,
    proof=Proof(
        "overlap",
        "Entities of the held-out part have rows in the training part; in the clean program none "
        "has.",
        shows=("group",),
        also=(
            "optimistic",
            "fold-group",
        ),
    ),
)
