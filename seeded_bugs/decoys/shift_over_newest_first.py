"""A negative shift, over rows that stand newest first: it looks back, not ahead."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.task import bindings
from seeded_bugs.syntax.tree import Tree, call_name, code, expression, tree_of

ENTRY = DecoyEntry(
    id="MLD106",
    name="shift_over_newest_first",
    looks_like="leakage",
    title="A negative shift that looks into the past",
    sound_because=(
        "[::-1] puts the newest row first, so a shift by a negative number fetches an older row. "
        "The result is put back by index, and the values are those of the plain positive shift "
        "over rows in time order."
    ),
    said_badly=(
        "shift with a negative number looks into the future: temporal leakage.",
        "The feature uses a later row that is not known at prediction time. Use shift(1).",
        "Look-ahead bias: the lag is taken in the wrong direction.",
        "Future values leak into the feature through the negative shift.",
        "The reversed series is assigned back in the wrong order, so the lags belong to other "
        "rows.",
    ),
    excludes=("feature_looks_ahead", "shuffled_time_split", "feature_differs_in_serving"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site a shift into the past, of a column or of a column within groups."""
    tree = tree_of(module)
    for call in tree.calls("shift"):
        column = call.func.value if isinstance(call.func, cst.Attribute) else None
        if not _forward(call) or not isinstance(column, cst.Subscript):
            continue
        if isinstance(tree.parent(call), cst.Attribute):
            continue  # what follows the shift may depend on the order of the rows
        reversed_ = _newest_first(tree, column)
        if reversed_ is not None:
            yield Site((Edit(call, expression(f"{reversed_}.shift(-{code(call.args[0].value)})")),))


def _forward(call: cst.Call) -> bool:
    """Tell whether the call shifts by a positive literal or a named constant, and no more."""
    if len(call.args) != 1 or call.args[0].keyword is not None:
        return False
    return isinstance(call.args[0].value, cst.Integer | cst.Name)


def _newest_first(tree: Tree, column: cst.Subscript) -> str | None:
    """Return the column with its rows reversed: a frame's, or one of grouped rows."""
    if not isinstance(column.value, cst.Name):
        return None
    name, index = column.value.value, code(column)[len(code(column.value)) :]
    for bound, value in bindings(tree, tree.scope(column)):
        if bound == name and isinstance(value, cst.Call) and call_name(value) == "groupby":
            grouped = value.func
            if isinstance(grouped, cst.Attribute) and isinstance(grouped.value, cst.Name):
                call = code(value)[len(grouped.value.value) :]
                return f"{grouped.value.value}[::-1]{call}{index}"
            return None
    filled = tree.statement(column)
    target = filled.body[0] if isinstance(filled, cst.SimpleStatementLine) else None
    whole = isinstance(target, cst.Assign) and isinstance(target.value, cst.Call)
    if whole and isinstance(target, cst.Assign):
        into = target.targets[0].target
        if tree.parent(tree.parent(column) or column) is target.value:
            same = isinstance(into, cst.Subscript) and code(into.value) == name
            return f"{code(column)}[::-1]" if same else None
    return None


CLEAN = """
def add_features(df):
    df["lag"] = df["rented"].shift(24)
    card = df.groupby("card_id")
    df["pause"] = df["ts"] - card["ts"].shift(1)
    return df
"""
SEEDED = """
def add_features(df):
    df["lag"] = df["rented"][::-1].shift(-24)
    card = df.groupby("card_id")
    df["pause"] = df["ts"] - card["ts"].shift(1)
    return df
"""
GROUPED = """
def add_features(df):
    df["lag"] = df["rented"].shift(24)
    card = df.groupby("card_id")
    df["pause"] = df["ts"] - df[::-1].groupby("card_id")["ts"].shift(-1)
    return df
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(CLEAN, GROUPED, site=1)),
    refuses=(
        Refusal(
            SEEDED.replace("card[", "df[").replace(".shift(1)", ".diff(1)"), "it is turned already"
        ),
        Refusal(
            'def f(df):\n    df["m"] = df["n"].shift(24).rolling(7).mean()\n',
            "the window depends on the order of the rows",
        ),
    ),
    find=find,
    refutes=Proof(
        "held-out influence",
        "The column equals that of the positive shift over rows in time order.",
        shows=("features:labels", "features:features"),
    ),
)
