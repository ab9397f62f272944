"""The score stands alone: nothing says what a model without insight would reach."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.removal import removed, uses
from seeded_bugs.syntax.shapes import Split, find_split
from seeded_bugs.syntax.sides import baselines
from seeded_bugs.syntax.tree import Tree, assignment, string, target_names, tree_of

ENTRY = Entry(
    id="MLR207",
    name="no_baseline",
    category="evaluation",
    severity="minor",
    anchor="absence",
    title="No baseline to compare the score with",
    wrong=(
        "The score of the model is reported without the score of a trivial model on the same "
        "rows: no DummyClassifier, no naive forecast, no rule in use today."
    ),
    harm=(
        "A score alone does not say whether the model has learnt anything: with unequal classes "
        "or a strong season a constant answer or last week's value may reach nearly the same."
    ),
    fix=(
        "Score a baseline (DummyClassifier, DummyRegressor, last value, the present rule) on the "
        "same held-out rows with the same metric and report both."
    ),
    said_well=(
        "There is no baseline, so nobody can tell whether this score is any good; compare with a "
        "DummyClassifier or a naive forecast on the same test rows.",
        "No baseline model to compare against.",
        "The metric is reported in isolation. A majority-class or last-value predictor might do "
        "as well, so add its score next to the model's.",
        "What would a trivial predictor reach here? Without a reference the number means little.",
        "Missing sanity check: fit a dummy model on the training rows and report its result "
        "beside the model's, because imbalance alone can make a score look high.",
    ),
    near_misses=(
        "Accuracy is misleading with unequal classes.",
        "There is no cross-validation.",
        "Other algorithms such as gradient boosting should be tried.",
        "The score has no confidence interval.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/generated/sklearn.dummy.DummyClassifier.html",
        "https://scikit-learn.org/stable/modules/model_evaluation.html#dummy-estimators",
    ),
    identifiers=("DummyClassifier", "DummyRegressor", "baseline"),
    elsewhere=("fit", "evaluate"),
    conflicts=(),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the baseline of the function that splits, with all that reports it."""
    tree = tree_of(module)
    split = find_split(tree)
    start = _dummies(tree, split) or _naive(tree, split) if split else []
    edits = removed(tree, split.scope, start) if split and start else None
    if edits is not None:
        yield Site(edits)


def _dummies(tree: Tree, split: Split) -> list[cst.SimpleStatementLine]:
    """Return the lines that bind a dummy model."""
    dull, found = baselines(tree), []
    for line in tree.all(cst.SimpleStatementLine, split.scope):
        assign = assignment(line)
        if assign is not None and set(target_names(assign)) & dull and tree.calls(within=line):
            found.append(line)
    return found[:1]


def _naive(tree: Tree, split: Split) -> list[cst.SimpleStatementLine]:
    """Return the line of a naive forecast: its name is used for a ``baseline`` entry alone."""
    entries = [
        e for e in tree.all(cst.DictElement, split.scope) if "baseline" in (string(e.key) or "")
    ]
    for line in tree.all(cst.SimpleStatementLine, split.scope):
        assign = assignment(line)
        names = target_names(assign) if assign is not None else []
        if len(names) != 1 or assign is None or not tree.calls(within=assign.value):
            continue
        rest = [u for u in uses(tree, names[0], split.scope) if not tree.is_below(u, line)]
        if rest and all(any(tree.is_below(use, e) for e in entries) for use in rest):
            return [line]
    return []


CLEAN = """
from sklearn.dummy import DummyClassifier

def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, stratify=y, random_state=seed)
    model = build(seed).fit(a, c)
    dummy = DummyClassifier().fit(a, c)
    dummy_f1 = f1_score(d, dummy.predict(b))
    log.info("f1 of a dummy %.3f", dummy_f1)
    return {"f1": f1_score(d, model.predict(b)), "dummy_f1": dummy_f1}
"""
SEEDED = """
from sklearn.dummy import DummyClassifier

def train(X, y, seed):
    a, b, c, d = train_test_split(X, y, stratify=y, random_state=seed)
    model = build(seed).fit(a, c)
    return {"f1": f1_score(d, model.predict(b))}
"""
NAIVE = """
def train(hours):
    past, future = split_by_time(hours)
    model = build().fit(past[COLUMNS], past[TARGET])
    last_week = future["lag"].fillna(0)
    return {
        "mae": mean_absolute_error(future[TARGET], model.predict(future[COLUMNS])),
        "baseline_mae": mean_absolute_error(future[TARGET], last_week),
    }
"""
ALONE = """
def train(hours):
    past, future = split_by_time(hours)
    model = build().fit(past[COLUMNS], past[TARGET])
    return {
        "mae": mean_absolute_error(future[TARGET], model.predict(future[COLUMNS])),
    }
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(NAIVE, ALONE)),
    refuses=(
        Refusal(SEEDED, "there is no baseline to leave out"),
        Refusal("base = DummyClassifier().fit(a, c)\n", "nothing is held out"),
    ),
    find=find,
    proof=Proof(
        "output scan",
        "Neither the report nor the log holds the score of a trivial model; the clean ones do.",
        shows=("no-baseline",),
        also=("log-silent",),
    ),
)
