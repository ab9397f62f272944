"""A column is computed row by row in Python where one vector expression does it."""

import re
from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.features import Derived, column_name, derived
from seeded_bugs.syntax.predicting import stacked
from seeded_bugs.syntax.tree import Tree, call_name, code, statements, tree_of

ENTRY = Entry(
    id="MLR904",
    name="row_loop",
    category="data-handling",
    severity="minor",
    anchor="span",
    title="Row loop instead of a vector operation",
    wrong=(
        "The column is filled by a loop over iterrows, one row at a time, although the formula "
        "works on whole columns."
    ),
    harm=(
        "Every row is turned into a Series of objects first, so the loop is orders of magnitude "
        "slower than the same formula on columns, and its cost grows with every column of the "
        "table."
    ),
    fix="Write the formula on the columns: df[new] = np.log1p(df[old]).",
    said_well=(
        "iterrows is slow; use a vectorised expression on the whole column instead.",
        "Python loop over DataFrame rows, although numpy/pandas can do this in one line.",
        "This row-by-row loop will not scale to large extracts because every row becomes a "
        "Series; replace it by column arithmetic.",
        "Vectorise this: the same result without the for loop over iterrows.",
        "Performance: appending to a list for each row is far slower than the column-wise "
        "formula, which gives the same values.",
    ),
    near_misses=(
        "The loop over the column names could be one call.",
        "The feature is computed differently in prediction.",
        "Training is slow because the forest has too many trees.",
    ),
    references=(
        "https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.iterrows.html",
        "https://pandas.pydata.org/docs/user_guide/enhancingperf.html",
    ),
    identifiers=("iterrows", "append", "itertuples", "apply"),
)
FUNCTIONS = ("log1p", "log", "log10", "sqrt", "exp", "abs")
OPERATORS = cst.Add | cst.Subtract | cst.Multiply | cst.Divide


def find(module: cst.Module) -> Iterator[Site]:
    """A site for each derived column that is plain arithmetic on columns of the same table."""
    tree = tree_of(module)
    for column in derived(tree):
        function = tree.function(column.line)
        if function is None or tree.parent(column.line) is not function.body:
            continue
        if _has_column(tree, column) and _is_arithmetic(column.value, column.frame):
            by_row = re.sub(rf"\b{column.frame}\[", "row[", code(column.value))
            looped = statements(
                f"values = []\n"
                f"for _, row in {column.frame}.iterrows():\n"
                f"    values.append({by_row})\n"
                f'{column.frame}["{column.name}"] = values\n'
            )
            yield Site((Edit(column.line, stacked([*looped], column.line)),))


def _has_column(tree: Tree, column: Derived) -> bool:
    """Tell whether the formula uses the table, and the loop's own names are free."""
    function = tree.function(column.line)
    parts = tree.all(cst.Subscript, column.value)
    return bool(parts) and not tree.names(function) & {"values", "row", "_"}


def _is_arithmetic(node: cst.BaseExpression, frame: str) -> bool:
    """Tell whether a value is made of columns of the frame, numbers, + - * / and logarithms."""
    if isinstance(node, cst.Integer | cst.Float):
        return True
    if isinstance(node, cst.Subscript):
        own = isinstance(node.value, cst.Name) and node.value.value == frame
        return own and column_name(node) is not None
    if isinstance(node, cst.BinaryOperation):
        simple = isinstance(node.operator, OPERATORS)
        return simple and _is_arithmetic(node.left, frame) and _is_arithmetic(node.right, frame)
    if isinstance(node, cst.Call) and len(node.args) == 1 and call_name(node) in FUNCTIONS:
        return code(node.func).startswith("np.") and _is_arithmetic(node.args[0].value, frame)
    return False


CLEAN = """
def add_features(df):
    df["rate"] = df["spent"] / df["months"]
    return df

def train(path):
    X = add_features(pd.read_csv(path))
"""
SEEDED = """
def add_features(df):
    values = []
    for _, row in df.iterrows():
        values.append(row["spent"] / row["months"])
    df["rate"] = values
    return df

def train(path):
    X = add_features(pd.read_csv(path))
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the column is filled by a loop already"),
        Refusal('df["rate"] = df["a"] / df["b"]\n', "there is no function for the features"),
    ),
    find=find,
    proof=Proof(
        "static",
        "A loop over iterrows stands in the program, and the column has the same values as in "
        "the clean one.",
        shows=("row-loop",),
    ),
)
