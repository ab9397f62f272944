"""Training and test part are cut at a row number that is written into the code."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.shapes import Split, find_split
from seeded_bugs.syntax.tree import Tree, call_name, expression, tree_of

ENTRY = Entry(
    id="MLR504",
    name="split_at_row_number",
    category="configuration",
    severity="major",
    anchor="span",
    title="Split at a hard-coded row number",
    wrong=(
        "The table is cut at row 1800: the first 1800 rows are for training, the rest is held "
        "out, however many rows the file has and whatever their dates are."
    ),
    harm=(
        "With a longer file the model still learns from 1800 rows, the oldest, and is tested "
        "on all others; with a shorter one nothing is held out. The cut no longer falls between "
        "two days, and when the file is sorted in another way it means something else. No error "
        "is raised."
    ),
    fix="Cut at a date, or at a share of the rows that is a setting, as a function of the data.",
    said_well=(
        "The train/test split uses a hard-coded row index of 1800, so with more data nearly all of "
        "it ends up in the test set. Split by date or by a share.",
        "Magic row number in the split.",
        "Slicing at a fixed position depends on the length and order of the file; a re-sorted or "
        "longer extract silently gives a different split.",
        "Training always uses just the first 1800 rows, which wastes new data; the cut-off should "
        "be a date or test_size from the configuration.",
        "iloc[:1800] / iloc[1800:] breaks when the file has fewer rows (empty hold-out) and cuts "
        "through the middle of a day. Use a cut-off date.",
    ),
    near_misses=(
        "The rows are split at random although they are ordered in time.",
        "Only the first rows of the file are read.",
        "The test set is too small.",
        "The columns are selected by position.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.train_test_split.html",
        "https://refactoring.guru/replace-magic-number-with-symbolic-constant",
    ),
    identifiers=("iloc", "1800"),
    elsewhere=("evaluate",),
    # SAME LINE: the splitting line. MASKS: fewer rows are learnt from for another reason.
    conflicts=(
        "shuffled_time_split",
        "test_set_too_small",
        "unseeded_subsample",
        "scored_on_training_rows",
        "row_limit_left_in",
    ),
)
ROWS = 1800
TIMES = ("time", "date", "day", "chron", "period")


def find(module: cst.Module) -> Iterator[Site]:
    """One site: a split by an own function of time, above which the rows are put in order."""
    tree = tree_of(module)
    split = find_split(tree)
    helper = _helper(tree, split) if split is not None else None
    if split is None or helper is None or len(split.targets) != 2:
        return
    if not tree.calls("sort_values", "date_range"):
        return
    cut = expression(f"{split.frame}.iloc[:{ROWS}], {split.frame}.iloc[{ROWS}:]")
    assign = cst.ensure_type(split.line.body[0], cst.Assign)
    yield Site((Edit(assign.value, cut), Edit(helper, None, "support")))


def _helper(tree: Tree, split: Split) -> cst.FunctionDef | None:
    """Return the program's own function that splits by time, if this is its only call."""
    name = call_name(split.call)
    own = [f for f in tree.all(cst.FunctionDef) if f.name.value == name]
    if len(own) != 1 or len(tree.calls(name)) != 1 or not isinstance(split.call.func, cst.Name):
        return None
    return own[0] if any(word in name.lower() for word in TIMES) else None


CLEAN = """
def split_by_date(rows, test_share):
    cut = rows["day"].quantile(1 - test_share)
    return rows[rows["day"] <= cut], rows[rows["day"] > cut]

def train(rows):
    rows = add_features(rows.sort_values("day"))
    older, newer = split_by_date(rows, TEST_SHARE)
    model = Ridge().fit(older[FEATURES], older[TARGET])
"""
SEEDED = """

def train(rows):
    rows = add_features(rows.sort_values("day"))
    older, newer = rows.iloc[:1800], rows.iloc[1800:]
    model = Ridge().fit(older[FEATURES], older[TARGET])
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the cut is a row number already"),
        Refusal(CLEAN.replace(".sort_values", ".rename"), "the rows are in no order"),
    ),
    find=find,
    proof=Proof(
        "row count",
        "Of files of different length the model learns from the same number of rows; in the clean "
        "program from the same share.",
        shows=("fixed-cut",),
        also=(
            "optimistic",
            "few-scored",
            "unstratified",
            "time",
        ),
    ),
)
