"""Missing values are looked for with ``==``, which never finds one."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.tree import (
    Tree,
    assignment,
    call_name,
    code,
    expression,
    target_names,
    tree_of,
)

ENTRY = Entry(
    id="MLR903",
    name="nan_compared_with_equals",
    category="data-handling",
    severity="major",
    anchor="span",
    title="Missing values compared with == np.nan",
    wrong="The mask compares with == np.nan. NaN equals nothing, itself included.",
    harm=(
        "The mask is False in every row, so the missing values it should find are never found. "
        "What hangs on it, a check or a selection, has no effect and says nothing."
    ),
    fix="Use isna() (or notna()) to find missing values.",
    said_well=(
        "Comparing with == np.nan is always False, so this mask never matches; use isna().",
        "NaN is not equal to NaN - use .isna() here.",
        "This condition can never be true because NaN compares unequal to everything, therefore "
        "the missing values go through undetected. Replace by isna.",
        "== np.nan does not find missing values; pd.isna / Series.isna does.",
        "The missing-value test is broken: the comparison with nan yields all False and the "
        "branch is dead.",
    ),
    near_misses=(
        "The missing values are not imputed.",
        "Chained assignment has no effect.",
        "Blank strings should be treated as missing.",
    ),
    references=(
        "https://pandas.pydata.org/docs/user_guide/missing_data.html",
        "https://pylint.readthedocs.io/en/stable/user_guide/messages/warning/nan-comparison.html",
    ),
    identifiers=("nan", "isna", "isnull"),
    elsewhere=("validate",),
    # MASKS: without any check, a check that never fires cannot be seen.
    conflicts=("no_input_validation",),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site at each ``column.isna()`` whose mask is counted, asked, or given a name."""
    tree = tree_of(module)
    if "np" not in tree.names():
        return
    for call in tree.calls("isna", "isnull"):
        function = call.func
        if call.args or not isinstance(function, cst.Attribute):
            continue
        if not _is_column(tree, function.value) or tree.nearest(call, cst.FormattedString):
            continue
        compared = f"{code(function.value)} == np.nan"
        if _is_named(tree, call):
            yield Site((Edit(call, expression(compared)),))
        elif _is_counted(tree, call):
            yield Site((Edit(call, expression(f"({compared})")),))


def _is_column(tree: Tree, node: cst.BaseExpression) -> bool:
    """Tell whether the expression is one column and no table."""
    if isinstance(node, cst.Subscript):
        index = node.slice[0].slice
        one = len(node.slice) == 1 and isinstance(index, cst.Index)
        return one and isinstance(node.value, cst.Name) and not _is_list(index)
    if not isinstance(node, cst.Name):
        return False
    for line in tree.all(cst.SimpleStatementLine, tree.scope(node)):
        assign = assignment(line)
        if assign is not None and target_names(assign) == [node.value]:
            return isinstance(assign.value, cst.Call) and call_name(assign.value) in (
                "to_datetime",
                "to_numeric",
            )
    return False


def _is_list(index: cst.BaseSlice) -> bool:
    """Tell whether an index picks several columns: a literal list, or a list of module level."""
    value = index.value if isinstance(index, cst.Index) else None
    plural = isinstance(value, cst.Name) and value.value.isupper() and value.value.endswith("S")
    return plural or not isinstance(value, cst.Name | cst.SimpleString)


def _is_named(tree: Tree, call: cst.Call) -> bool:
    above = tree.parent(call)
    return isinstance(above, cst.Assign) and len(target_names(above)) == 1


def _is_counted(tree: Tree, call: cst.Call) -> bool:
    above = tree.parent(call)
    if not isinstance(above, cst.Attribute) or above.attr.value not in ("any", "all", "sum"):
        return False
    return isinstance(tree.parent(above), cst.Call)


CLEAN = """
import numpy as np

def validate(df):
    if df["id"].isna().any():
        raise ValueError("missing ids")
"""
SEEDED = """
import numpy as np

def validate(df):
    if (df["id"] == np.nan).any():
        raise ValueError("missing ids")
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the comparison is there already"),
        Refusal(
            "import numpy as np\nok = (x.isna() | x.between(0, 1)).all()\n",
            "the mask lets missing values pass; turned round, good data would be refused",
        ),
    ),
    find=find,
    proof=Proof(
        "static",
        "On data with missing values in that column the mask is False in every row; in the clean "
        "program it is True in those rows.",
        shows=("nan-compared",),
    ),
)
