"""Rows that follow each other in time are parted by lot, so the future trains the past."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.imports import import_name
from seeded_bugs.syntax.shapes import Split, find_split
from seeded_bugs.syntax.task import find_labels, find_seed, is_classification
from seeded_bugs.syntax.tree import (
    Tree,
    call_name,
    code,
    expression,
    keyword,
    tree_of,
    with_keyword,
    without_keyword,
)

ENTRY = Entry(
    id="MLR108",
    name="shuffled_time_split",
    category="leakage",
    severity="critical",
    anchor="span",
    title="Time-ordered rows split at random",
    wrong=(
        "The rows are ordered in time, yet train_test_split shuffles them: training rows are "
        "taken from before, between and after the held-out rows."
    ),
    harm=(
        "The model is tested on moments whose neighbours on both sides it was trained on, and it "
        "has seen the future of every held-out row. The score does not tell how it will do on the "
        "time after the data ends, which is what it is for, and is usually too optimistic. "
        "Time-ordered folds over the shuffled training rows lose their meaning as well."
    ),
    fix=(
        "Cut at a date: train on the older rows, hold out the newest (and TimeSeriesSplit on the "
        "training rows, kept in order)."
    ),
    said_well=(
        "The data is ordered in time but the split is random, so the model is trained on rows "
        "later than the test rows. Split by date instead.",
        "train_test_split shuffles a time series: temporal leakage.",
        "A random split lets the future leak into training; hold out the most recent period so "
        "that the score reflects forecasting.",
        "With shuffled rows the neighbours of each test row in time are in the training set, which "
        "makes the hold-out score too optimistic; use a chronological split.",
        "Train/test should be separated by time, not at random: training rows must all be older "
        "than the held-out ones.",
    ),
    near_misses=(
        "The split has no random_state, so results differ between runs.",
        "The split is not stratified.",
        "A feature uses values of later rows.",
        "Rows of one customer are in both parts.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/cross_validation.html#time-series-split",
        "https://otexts.com/fpp3/tscv.html",
    ),
    identifiers=("train_test_split", "random_state", "shuffle", "stratify", "TimeSeriesSplit"),
    elsewhere=("cross-validate", "evaluate"),
    # SAME LINE: the splitting line itself. MASKS: with the rows mixed, order is no longer to be
    # seen by other means, and repeated rows cross the split for this reason.
    conflicts=(
        "unstratified_split",
        "feature_known_after_outcome",
        "resampled_before_split",
        "duplicates_across_split",
        "scored_on_training_rows",
    ),
)
TIMES = ("time", "date", "day", "week", "month", "chron", "period")


def find(module: cst.Module) -> Iterator[Site]:
    """One site: a split by an own function of time, or ``train_test_split(shuffle=False)``."""
    tree = tree_of(module)
    split = find_split(tree)
    seed = find_seed(tree, split) if split else None
    if split is None or seed is None:
        return
    if call_name(split.call) == "train_test_split":
        shuffle = keyword(split.call, "shuffle")
        if shuffle is not None and code(shuffle.value) == "False":
            yield Site((Edit(split.call, _seeded(without_keyword(split.call, "shuffle"), seed)),))
        return
    helper, share = _helper(tree, split), _share(split)
    if helper is None or share is None:
        return
    call = cst.ensure_type(
        expression(f"train_test_split({split.frame}, test_size={code(share)})"), cst.Call
    )
    labels = find_labels(tree, split)
    if is_classification(tree) and labels is not None:
        call = with_keyword(call, "stratify", expression(labels))
    imports = import_name(tree, "sklearn.model_selection", "train_test_split")
    # The helper goes: nothing else calls it.
    yield Site((Edit(split.call, _seeded(call, seed)), Edit(helper, None, "support"), *imports))


def _seeded(call: cst.Call, seed: str) -> cst.Call:
    return with_keyword(call, "random_state", expression(seed))


def _helper(tree: Tree, split: Split) -> cst.FunctionDef | None:
    """Return the program's own function that splits by time, if this is its only call."""
    name = call_name(split.call)
    own = [f for f in tree.all(cst.FunctionDef) if f.name.value == name]
    if len(own) != 1 or len(tree.calls(name)) != 1 or not isinstance(split.call.func, cst.Name):
        return None
    return own[0] if any(word in name.lower() for word in TIMES) else None


def _share(split: Split) -> cst.BaseExpression | None:
    """Return what the helper is told about the size of the newest part."""
    if len(split.targets) != 2 or len(split.call.args) != 2:
        return None
    return split.call.args[1].value


CLEAN = """
from sklearn.model_selection import TimeSeriesSplit, cross_val_score

def split_by_date(rows, test_share):
    cut = rows["day"].quantile(1 - test_share)
    return rows[rows["day"] <= cut], rows[rows["day"] > cut]

def train(rows, seed):
    older, newer = split_by_date(rows, TEST_SHARE)
    model = RandomForestRegressor(random_state=seed)
    model.fit(older[FEATURES], older[TARGET])
    return mean_absolute_error(newer[TARGET], model.predict(newer[FEATURES]))
"""
SEEDED = """
from sklearn.model_selection import TimeSeriesSplit, cross_val_score, train_test_split

def train(rows, seed):
    older, newer = train_test_split(rows, test_size=TEST_SHARE, random_state=seed)
    model = RandomForestRegressor(random_state=seed)
    model.fit(older[FEATURES], older[TARGET])
    return mean_absolute_error(newer[TARGET], model.predict(newer[FEATURES]))
"""
IN_ORDER = """
def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, shuffle=False)
    model = Ridge(random_state=seed).fit(X_train, y_train)
"""
MIXED = """
def train(X, y, seed):
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=seed)
    model = Ridge(random_state=seed).fit(X_train, y_train)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(IN_ORDER, MIXED)),
    refuses=(
        Refusal(MIXED, "nothing says that the rows are ordered in time"),
        Refusal(CLEAN.replace("split_by_date", "split_by_shop"), "the split is not by time"),
    ),
    find=find,
    proof=Proof(
        "overlap",
        "The newest training row is later than the oldest held-out row: the times overlap.",
        shows=("time",),
        also=(
            "optimistic",
            "fold-time",
            "same-content",
        ),
    ),
)
