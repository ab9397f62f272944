"""A feature counts the days from the row's date to the moment the program runs."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.features import feature_frame, feature_function
from seeded_bugs.syntax.predicting import line_of
from seeded_bugs.syntax.preparation import appended, derived_columns
from seeded_bugs.syntax.tree import Tree, assignment, code, tree_of

ENTRY = Entry(
    id="MLR408",
    name="feature_relative_to_now",
    category="reproducibility",
    severity="major",
    anchor="span",
    title="Feature computed relative to the current time",
    wrong=(
        "The feature days_ago is the time from the row's own date to pd.Timestamp.now(), the "
        "moment at which the program happens to run."
    ),
    harm=(
        "The same file gives other features every day, so a run cannot be repeated. Worse, the "
        "values that the stored model meets later lie beyond everything it was trained on: the "
        "same row gets another score next month although nothing about it has changed."
    ),
    fix=(
        "Measure from a date that belongs to the data (the extract's own date, stored with it), or "
        "leave the feature out."
    ),
    said_well=(
        "days_ago is computed relative to now(), so the feature of the same row changes every day "
        "and training cannot be reproduced. Use a reference date from the data.",
        "Timestamp.now() in a feature: not reproducible.",
        "The model is trained with ages as of the training day and served with ages as of the "
        "serving day, therefore the feature drifts out of the training range by itself.",
        "Features must depend on the row and an explicit as-of date only; with the system clock "
        "the scores of yesterday cannot be recomputed.",
        "Why the current time? Re-running on the same CSV gives different features and a different "
        "model; pass the snapshot date as a parameter.",
    ),
    near_misses=(
        "The seed is taken from the clock.",
        "The feature uses later rows.",
        "The dates are parsed without a format or time zone.",
        "The rows should be split by time.",
    ),
    references=(
        "https://developers.google.com/machine-learning/guides/rules-of-ml",
        "https://reproducible-builds.org/docs/timestamps/",
    ),
    identifiers=("now", "Timestamp", "days_ago"),
    elsewhere=("serve",),
    # MASKS: two runs differ for another reason, and a choice of features may leave this one out.
    conflicts=(
        "seed_from_clock",
        "missing_seed",
        "unseeded_subsample",
        "features_selected_before_split",
    ),
)
NAME = "days_ago"


def find(module: cst.Module) -> Iterator[Site]:
    """One site: below the first line of the feature function that takes a date apart."""
    tree = tree_of(module)
    frame, columns = feature_frame(tree), derived_columns(tree)
    if frame is None or columns is None or NAME in columns.values:
        return
    for line, date in _dates(tree):
        added = line_of(f'{frame}["{NAME}"] = (pd.Timestamp.now() - {date}).dt.days')
        listed = Edit(columns.literal, appended(columns.literal, NAME), "trace")
        yield Site((Edit(line, [line, added]), listed))
        return


def _dates(tree: Tree) -> Iterator[tuple[cst.SimpleStatementLine, str]]:
    """Yield the lines of the feature function that read a part of a date, and the date."""
    for node in tree.all(cst.Attribute, feature_function(tree)):
        line = tree.statement(node)
        plain = isinstance(node.value, cst.Name | cst.Subscript)
        if node.attr.value != "dt" or not plain or assignment(line) is None:
            continue
        if isinstance(line, cst.SimpleStatementLine):
            yield line, code(node.value)


CLEAN = """
DERIVED = ["hour"]

def add_features(rows):
    rows["hour"] = rows["opened"].dt.hour
    return rows

def train(path):
    rows = add_features(read(path))
    a, b = train_test_split(rows)
"""
SEEDED = """
DERIVED = ["hour", "days_ago"]

def add_features(rows):
    rows["hour"] = rows["opened"].dt.hour
    rows["days_ago"] = (pd.Timestamp.now() - rows["opened"]).dt.days
    return rows

def train(path):
    rows = add_features(read(path))
    a, b = train_test_split(rows)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the feature is there already"),
        Refusal(CLEAN.replace(".dt.hour", " + 1"), "no date is known to be one"),
    ),
    find=find,
    proof=Proof(
        "run to run",
        "With the clock moved by 400 days the same file gives other features and the stored model "
        "other scores; in the clean program it does not.",
        shows=("clock",),
        also=("optimistic", "same-seed", "no-seed"),
    ),
)
