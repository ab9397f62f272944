"""Repeated rows stay in the table, and the random split puts copies on both sides."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.task import is_random
from seeded_bugs.syntax.tree import (
    Tree,
    assignment,
    call_name,
    code,
    expression,
    string,
    target_names,
    tree_of,
)

ENTRY = Entry(
    id="MLR110",
    name="duplicates_across_split",
    category="leakage",
    severity="critical",
    anchor="absence",
    title="Repeated rows are not removed before the split",
    wrong=(
        "The file holds rows more than once, and nothing removes the copies before the rows are "
        "split at random."
    ),
    harm=(
        "Copies of one row fall on both sides of the split, so the model is tested on rows that it "
        "was trained on, and the score is too good: the more copies and the more flexible the "
        "model, the more. The copies also count twice in every fold."
    ),
    fix=(
        "Remove repeated rows (drop_duplicates) when the data is read, before the split, and log "
        "how many there were."
    ),
    said_well=(
        "Duplicate rows are never dropped before the train/test split, so the same row can be in "
        "both parts and the score is inflated; call drop_duplicates first.",
        "No deduplication: copies of training rows leak into the test set.",
        "The export repeats rows. Without drop_duplicates the hold-out contains rows the model was "
        "trained on.",
        "drop_duplicates is missing -> identical rows on both sides of the split.",
        "Repeated rows should be removed right after loading, because otherwise train and test "
        "overlap.",
    ),
    near_misses=(
        "The ids are not checked for uniqueness.",
        "Several rows of the same customer are split between train and test.",
        "The minority class is oversampled before the split.",
        "Rows with missing values are dropped.",
    ),
    references=(
        "https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.drop_duplicates.html",
        "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage",
    ),
    identifiers=("drop_duplicates", "duplicated", "train_test_split", "read_csv"),
    elsewhere=("load", "split"),
    # MASKS: copies made on purpose, rows scored twice, and rows mixed in time overlap as well; few
    # scored rows may hold no repeated one.
    # SAME LINE: a check or a thrown-away result of the very call that goes.
    conflicts=(
        "resampled_before_split",
        "scored_on_training_rows",
        "refitted_before_scoring",
        "shuffled_time_split",
        "discarded_result",
        "no_input_validation",
        "test_set_too_small",
        "test_set_rebalanced",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the one line that removes repeated rows ahead of a random split."""
    tree = tree_of(module)
    split = find_split(tree)
    if split is None or not is_random(split):
        return
    lines = [line for line in tree.all(cst.SimpleStatementLine) if _removes(line)]
    if len(lines) != 1 or tree.calls("shift", "rolling"):
        return
    counted = [s for s in tree.after(lines[0]) if _tells(tree, s)][:1]
    yield Site(
        (
            Edit(lines[0], None),
            *(Edit(line, None, "support") for line in counted),
            *_mended(tree),
        )
    )


def _removes(line: cst.SimpleStatementLine) -> bool:
    """Tell whether a line is ``frame = frame.drop_duplicates(...)``."""
    assign = assignment(line)
    if assign is None or not isinstance(assign.value, cst.Call):
        return False
    func = assign.value.func
    return (
        call_name(assign.value) == "drop_duplicates"
        and isinstance(func, cst.Attribute)
        and target_names(assign) == [code(func.value)]
    )


def _tells(tree: Tree, line: cst.CSTNode) -> bool:
    """Tell whether a line logs how many rows were repeated: no longer true, so it goes."""
    if not isinstance(line, cst.SimpleStatementLine) or assignment(line) is not None:
        return False
    texts = [string(node) or "" for node in tree.all(cst.SimpleString, line)]
    texts += [part.value for part in tree.all(cst.FormattedStringText, line)]
    return any("repeat" in text.lower() or "duplicate" in text.lower() for text in texts)


def _mended(tree: Tree) -> list[Edit]:
    """Return the edits by which a check of ids still lets whole repeated rows pass.

    ``frame[ID].duplicated()`` becomes ``frame.drop_duplicates()[ID].duplicated()``; a check that
    puts repeated rows aside by itself stays.
    """
    edits = []
    for call in tree.calls("duplicated"):
        ids = call.func.value if isinstance(call.func, cst.Attribute) else None
        if not isinstance(ids, cst.Subscript) or not isinstance(ids.value, cst.Name):
            continue
        frame = ids.value.value
        if f"{frame}.duplicated()" not in code(tree.statement(call)):
            once = ids.with_changes(value=expression(f"{frame}.drop_duplicates()"))
            edits.append(Edit(ids, once, "support"))
    return edits


CLEAN = """
def read(path):
    rows = pd.read_csv(path)
    count = len(rows)
    rows = rows.drop_duplicates()
    log.info("%d repeated rows dropped", count - len(rows))
    if rows["customer"].duplicated().any():
        raise InputError(f"{path}: one customer on rows that differ")
    return rows, count

def train(path, seed):
    rows, count = read(path)
    train_rows, test_rows = train_test_split(rows, random_state=seed)
"""
SEEDED = """
def read(path):
    rows = pd.read_csv(path)
    count = len(rows)
    if rows.drop_duplicates()["customer"].duplicated().any():
        raise InputError(f"{path}: one customer on rows that differ")
    return rows, count

def train(path, seed):
    rows, count = read(path)
    train_rows, test_rows = train_test_split(rows, random_state=seed)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "repeated rows are not removed in the first place"),
        Refusal(
            CLEAN.replace("train_test_split(rows, random_state=seed)", "split_by_date(rows, 0.2)"),
            "copies of one row have one date, so they stay on one side",
        ),
        Refusal(
            CLEAN.replace("return rows, count", "return rows.shift(1), count"),
            "lags count rows, so a repeated row would spoil them too",
        ),
    ),
    find=find,
    proof=Proof(
        "overlap",
        "Rows of the held-out part occur in the training part as well.",
        shows=("same-content",),
        also=(
            "optimistic",
            "repeats-kept",
        ),
    ),
)
