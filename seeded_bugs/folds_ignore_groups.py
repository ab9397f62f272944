"""Rows of one entity stand on both sides of a fold: the folds do not heed whose rows they are."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.imports import swap_import
from seeded_bugs.syntax.tree import Tree, tree_of

ENTRY = Entry(
    id="MLR213",
    name="folds_ignore_groups",
    category="evaluation",
    severity="major",
    anchor="span",
    title="Cross-validation folds ignore the groups",
    wrong=(
        "Several rows belong to one entity, and the hold-out keeps entities whole, but the folds "
        "are cut by a splitter that ignores groups: it accepts the argument and does nothing with "
        "it."
    ),
    harm=(
        "Each fold is scored on entities that the model of that fold has met in training. The "
        "cross-validated score is too good for new entities, which are what the model is for, and "
        "whatever is chosen by these folds, a threshold for example, is chosen for known ones."
    ),
    fix="Use GroupKFold or StratifiedGroupKFold with groups= for every cross-validation.",
    said_well=(
        "The CV splitter is not group-aware, so rows of the same entity are in train and "
        "validation folds. Use GroupKFold / StratifiedGroupKFold.",
        "KFold ignores groups: leakage between folds.",
        "groups= is passed but this splitter silently ignores it, therefore one user's rows end up "
        "on both sides and the CV score is optimistic.",
        "The hold-out is split by entity while the cross-validation is not; both must keep all "
        "rows of an entity together.",
        "Same person in training and validation fold -> the model recognises the person. The "
        "folds have to be grouped by the id.",
    ),
    near_misses=(
        "The train/test split is not grouped.",
        "The folds are not stratified.",
        "The folds have no seed.",
        "There should be more folds.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/cross_validation.html#group-cv",
        "https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.KFold.html",
    ),
    identifiers=("KFold", "StratifiedKFold", "groups", "cross_val_score"),
    elsewhere=("cross-validate",),
    # MASKS: with entities on both sides of the hold-out, the folds are no worse than it.
    conflicts=("groups_split_at_random", "no_cross_validation"),
)
PLAIN = {"GroupKFold": "KFold", "StratifiedGroupKFold": "StratifiedKFold"}


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the one splitter of the program that makes folds of whole groups."""
    tree = tree_of(module)
    for name, plain in PLAIN.items():
        calls = tree.calls(name)
        if len(calls) != 1 or not isinstance(calls[0].func, cst.Name):
            continue
        if _also_splits(tree, calls[0]):
            continue
        imports = swap_import(tree, "sklearn.model_selection", name, plain, gone=1)
        yield Site((Edit(calls[0].func, cst.Name(plain)), *imports))


def _also_splits(tree: Tree, call: cst.Call) -> bool:
    """Tell whether the folds come from a function that is called for the hold-out as well."""
    function = tree.function(call)
    return function is not None and len(tree.calls(function.name.value)) > 1


CLEAN = """
from sklearn.model_selection import GroupKFold, cross_val_score

def train(X, y, users, seed):
    folds = GroupKFold(n_splits=5, shuffle=True, random_state=seed)
    return cross_val_score(build(), X, y, cv=folds, groups=users)
"""
SEEDED = """
from sklearn.model_selection import KFold, cross_val_score

def train(X, y, users, seed):
    folds = KFold(n_splits=5, shuffle=True, random_state=seed)
    return cross_val_score(build(), X, y, cv=folds, groups=users)
"""
SHARED = """
from sklearn.model_selection import GroupKFold

def machine_folds(X, count):
    return list(GroupKFold(count).split(X, groups=X["machine"]))

def train(X, y):
    seen, unseen = machine_folds(X, 4)[0]
    return cross_val_score(build(), X, y, cv=machine_folds(X.iloc[seen], 5))
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the folds ignore groups already"),
        Refusal(SHARED, "the hold-out is cut by the same function"),
        Refusal("folds = StratifiedKFold(n_splits=5)\n", "no groups are kept together"),
    ),
    find=find,
    proof=Proof(
        "overlap",
        "In some fold an entity has rows in the training and in the validation part; in the clean "
        "program none has.",
    ),
)
