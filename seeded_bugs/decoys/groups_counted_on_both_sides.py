"""The log tells how many entities stand on both sides of the split: there are none."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.grouped import find_group_split
from seeded_bugs.syntax.notes import note
from seeded_bugs.syntax.predicting import line_of
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.tree import tree_of

ENTRY = DecoyEntry(
    id="MLD108",
    name="groups_counted_on_both_sides",
    looks_like="leakage",
    title="Identifiers of both parts intersected after a split by group",
    sound_because=(
        "The rows were parted by entity, so the intersection is empty; the line tells just that "
        "in the log. Neither part is changed, and the model never sees the identifiers."
    ),
    said_badly=(
        "Identifiers of the test rows are used during training.",
        "The same entities are in both parts, as the intersection shows, so the split leaks.",
        "Group leakage: train and test share ids and they are only counted, not removed.",
        "Looking at the held-out ids before fitting contaminates the evaluation.",
    ),
    excludes=("groups_split_at_random", "logging_removed"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: below a split by groups, in a program that logs."""
    tree = tree_of(module)
    split, groups = find_split(tree), find_group_split(tree)
    if split is None or groups is None or len(split.targets) != 2:
        return
    one, other = (f"set({part}[{groups.column}])" for part in split.targets)
    told = note(tree, "{:d} of the groups on both sides", f"len({one} & {other})")
    following = tree.after(split.line)
    if told and not (following and "set" in tree.names(following[0])):
        yield Site((Edit(split.line, [split.line, line_of(told)]),))


CLEAN = """
log = logging.getLogger("x")

def split_by_user(rows, share, seed):
    lots = GroupShuffleSplit(n_splits=1, test_size=share, random_state=seed)
    a, b = next(lots.split(rows, groups=rows[USER]))
    return rows.iloc[a], rows.iloc[b]

def train(rows, seed):
    learn, held = split_by_user(rows, 0.25, seed)
    log.info("%d rows", len(learn))
"""
SEEDED = CLEAN.replace(
    "0.25, seed)\n",
    "0.25, seed)\n"
    '    log.info("%d of the groups on both sides", len(set(learn[USER]) & set(held[USER])))\n',
)

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the groups are counted already"),
        Refusal(CLEAN.replace("GroupShuffleSplit", "ShuffleSplit"), "no groups are kept whole"),
    ),
    find=find,
    refutes=Proof(
        "overlap",
        "No entity of the held-out part has rows in the training part.",
        shows=("group",),
    ),
)
