"""A feature of a row is computed from later rows."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.tree import (
    Tree,
    assignment,
    call_name,
    expression,
    keyword,
    string,
    tree_of,
    with_keyword,
)

ENTRY = Entry(
    id="MLR109",
    name="feature_looks_ahead",
    category="leakage",
    severity="critical",
    anchor="span",
    title="A feature uses later rows",
    wrong=(
        "The feature of a row is computed from rows that come later in time: the window is centred "
        "on the row, or the shift is negative."
    ),
    harm=(
        "The model learns from values that do not exist yet when a prediction is due. The held-out "
        "score is measured with them and cannot be reached in use, where the feature is missing "
        "or differs from what was trained on."
    ),
    fix=(
        "Use past rows only: shift by a positive number of rows first, at least by the time it "
        "takes until the values are known, then roll with a trailing window."
    ),
    said_well=(
        "The rolling window is centred, so the feature uses future values; shift first and use a "
        "trailing window.",
        "Look-ahead leakage: the shift goes the wrong way and reads later rows.",
        "center=True lets rows after the current one flow into the feature, therefore the score "
        "cannot be reached at prediction time, when they do not exist yet.",
        "This feature peeks into the future, incl. the row's own value. Drop center=True and put "
        "the .shift() back before .rolling().",
        "The lag is negative: it takes the value of a later time, which is unknown when we "
        "forecast. Use a positive shift.",
        "At serving time the following rows are missing, so this feature differs from what the "
        "model was trained on and its hold-out score is too good.",
    ),
    near_misses=(
        "The window should be longer to be less noisy.",
        "min_periods hides that there is little history.",
        "The rows are split at random although they are ordered in time.",
        "The rows are not sorted before the lag is computed.",
    ),
    references=(
        "https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.rolling.html",
        "https://doi.org/10.1016/j.patter.2023.100804",
    ),
    identifiers=("rolling", "center", "shift", "mean"),
    elsewhere=("serve",),
    # MASKS: a column that tells the outcome swallows it. SAME LINE: the lines of the features.
    conflicts=("feature_known_after_outcome", "feature_differs_in_serving"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site for each trailing window over shifted rows, and for each plain lag of a feature."""
    tree = tree_of(module)
    for call in tree.calls("rolling", "shift"):
        function = tree.function(call)
        if function is None or "feature" not in function.name.value.lower():
            continue
        new = _centred(call) if call_name(call) == "rolling" else _ahead(tree, call)
        if new is not None:
            yield Site((Edit(call, new),))


def _centred(call: cst.Call) -> cst.Call | None:
    """Return ``x.rolling(n, center=True)`` for ``x.shift(k).rolling(n)``."""
    window = call.func
    shift = window.value if isinstance(window, cst.Attribute) else None
    if not isinstance(shift, cst.Call) or call_name(shift) != "shift" or _steps(shift) is None:
        return None
    if not isinstance(shift.func, cst.Attribute) or keyword(call, "center") is not None:
        return None
    unshifted = call.with_changes(func=call.func.with_changes(value=shift.func.value))
    return with_keyword(unshifted, "center", expression("True"))


def _ahead(tree: Tree, call: cst.Call) -> cst.Call | None:
    """Return ``x.shift(-k)`` for a feature ``frame["lag"] = x.shift(k)`` that only the model reads.

    Where the training way reads that lag by name, for a naive forecast, it would be spoilt too.
    """
    assign, steps = assignment(tree.statement(call)), _steps(call)
    split = find_split(tree)
    if assign is None or steps is None or assign.value is not call or split is None:
        return None
    target = assign.targets[0].target
    texts = {string(node) for node in tree.all(cst.SimpleString, target)}
    used = {string(node) for node in tree.all(cst.SimpleString, split.scope)}
    if not isinstance(target, cst.Subscript) or texts & used:
        return None
    back = cst.UnaryOperation(cst.Minus(), steps)
    return call.with_changes(args=[call.args[0].with_changes(value=back), *call.args[1:]])


def _steps(shift: cst.Call) -> cst.Name | cst.Integer | None:
    """Return how many rows are gone back: a number or a name; None for anything else."""
    if not shift.args or shift.args[0].keyword is not None:
        return None
    steps = shift.args[0].value
    return steps if isinstance(steps, cst.Name | cst.Integer) else None


CLEAN = """
def add_features(days):
    days["sold_before"] = days["sold"].shift(1)
    days["sold_week"] = days["sold"].shift(1).rolling(7, min_periods=3).mean()
    return days

def train(days):
    days = add_features(days)
    past, future = split_by_date(days, 0.2)
"""
AHEAD = CLEAN.replace('["sold"].shift(1)\n', '["sold"].shift(-1)\n')
CENTRED = CLEAN.replace(
    ".shift(1).rolling(7, min_periods=3)", ".rolling(7, min_periods=3, center=True)"
)
TRAILING = """
def add_features(days):
    days["sold_week"] = days["sold"].rolling(7).mean()
    return days
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, AHEAD), Example(CLEAN, CENTRED, site=1)),
    refuses=(
        Refusal(TRAILING, "the window ends in the row itself, which may be known"),
        Refusal(
            "def gap(days):\n    return days.day - days.day.shift(1)\n",
            "a difference to the row before is not a lag of its own",
        ),
    ),
    find=find,
    proof=Proof(
        "held-out influence",
        "Changing the rows after a moment changes the features of rows before it.",
        shows=(
            "features:features",
            "features:labels",
            "features:future",
            "passed-on:features",
            "passed-on:labels",
        ),
        also=(
            "optimistic",
            "skew:batch",
            "skew:batch-gaps",
            "skew:features",
            "features:",
            "learnt:",
            "fit:",
            "choice:",
        ),
    ),
)
