"""A call that returns a changed table is made, and what it returns is thrown away."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.tree import Tree, assignment, call_name, target_names, tree_of

ENTRY = Entry(
    id="MLR902",
    name="discarded_result",
    category="data-handling",
    severity="major",
    anchor="span",
    title="Result of a non-in-place call thrown away",
    wrong=(
        "drop_duplicates() returns a new table and leaves the old one as it is. Here its result "
        "is assigned to nothing."
    ),
    harm=(
        "The repeated rows stay in the table. They count twice in training and in every number "
        "that is reported, while the code reads as if they were gone."
    ),
    fix="Assign the result: df = df.drop_duplicates().",
    said_well=(
        "The result of drop_duplicates() is not assigned, so the line does nothing and the "
        "duplicate rows stay; write df = df.drop_duplicates().",
        "drop_duplicates is not in-place.",
        "The return value is discarded here. pandas methods return a copy, therefore duplicates "
        "are still in the data afterwards.",
        "No-op: duplicates are never removed because the returned frame is thrown away. Assign "
        "it back.",
        "This call has no effect on the frame and repeated rows are counted twice; reassign it.",
    ),
    near_misses=(
        "Chained assignment writes into a copy.",
        "Near-duplicate rows with different ids should be dropped too.",
        "Duplicates are dropped without logging how many there were.",
    ),
    references=(
        "https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.drop_duplicates.html",
    ),
    identifiers=("drop_duplicates", "inplace"),
    elsewhere=("load", "split"),
    # SAME LINE: both are about the line that drops repeated rows.
    conflicts=("duplicates_across_split",),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site at each line ``df = df.drop_duplicates()`` that no check of the rows follows."""
    tree = tree_of(module)
    for line in tree.all(cst.SimpleStatementLine):
        assign = assignment(line)
        if assign is None or not _is_own_drop(assign) or _is_loading(tree, line):
            continue
        yield Site((Edit(line, line.with_changes(body=[cst.Expr(assign.value)])),))


def _is_own_drop(assign: cst.Assign) -> bool:
    """Tell whether a table is replaced by itself without repeated rows."""
    call, names = assign.value, target_names(assign)
    return (
        isinstance(call, cst.Call)
        and call_name(call) == "drop_duplicates"
        and isinstance(call.func, cst.Attribute)
        and isinstance(call.func.value, cst.Name)
        and names == [call.func.value.value]
    )


def _is_loading(tree: Tree, line: cst.SimpleStatementLine) -> bool:
    """Tell whether the line is part of reading the file: a check of the ids may come later.

    Such a check refuses the repeated rows, so the flawed program would not run on good data.
    """
    return tree.is_free(line) or bool(tree.calls("read_csv", within=tree.scope(line)))


CLEAN = """
def clean(df):
    df = df.drop_duplicates()
    return df
"""
SEEDED = """
def clean(df):
    df.drop_duplicates()
    return df
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the result is thrown away already"),
        Refusal(
            "def load(path):\n    df = pd.read_csv(path)\n    df = df.drop_duplicates()\n",
            "repeated ids may be refused later on",
        ),
    ),
    find=find,
    proof=Proof(
        "row count",
        "The number of rows is the same before and after the line, repeats included.",
        shows=("repeats-kept",),
        also=(
            "same-content",
            "test-rows-lost",
        ),
    ),
)
