"""The feature code stands twice: once for training, once for serving."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.shapes import feature_lines, find_serving
from seeded_bugs.syntax.tree import Tree, call_name, tree_of

ENTRY = Entry(
    id="MLR951",
    name="duplicated_code",
    category="maintainability",
    severity="minor",
    anchor="region",
    title="Feature code copied for serving",
    wrong="The feature function was copied under a second name, and serving calls the copy.",
    harm=(
        "The two copies are equal today. The first change to one of them makes training and "
        "serving compute different features, and nothing will say so."
    ),
    fix="Keep one feature function and call it from both ways.",
    said_well=(
        "The feature code is duplicated: this function is a copy of the one used in "
        "training. Keep one function and call it in both places.",
        "Copy-paste of the feature function for prediction; the two will drift apart.",
        "Duplicate code: training and serving each have their own version of the same "
        "feature logic, a change in one will be forgotten in the other. Refactor into one "
        "shared function.",
        "DRY: same block twice, extract it.",
        "This whole function repeats the one above line by line, remove the copy and reuse "
        "the original.",
    ),
    near_misses=(
        "Training and serving compute the feature differently.",
        "The function is too long.",
        "Unused function, delete it.",
    ),
    references=("https://refactoring.guru/smells/duplicate-code",),
    identifiers=(
        "features",
        "predict",
        "copy",
    ),
    elsewhere=("serve",),
    conflicts=(),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the feature function that training and serving share."""
    tree = tree_of(module)
    serving = find_serving(tree)
    call = _feature_call(tree, serving.line) if serving else None
    if call is None or not isinstance(call.func, cst.Name):
        return
    name = call.func.value
    shared = [line for line in feature_lines(tree) if _called(tree, line) == name]
    original = next(
        (s for s in module.body if isinstance(s, cst.FunctionDef) and s.name.value == name), None
    )
    if original is None or len(shared) < 2:
        return
    copied = f"{name}_predict"
    twin = original.with_changes(name=cst.Name(copied), leading_lines=[cst.EmptyLine()])
    renamed = call.with_changes(func=cst.Name(copied))
    yield Site((Edit(original, [original, twin]), Edit(call, renamed, "trace")))


def _feature_call(tree: Tree, line: cst.SimpleStatementLine) -> cst.Call | None:
    calls = tree.all(cst.Call, line)
    return next((c for c in calls if "feature" in call_name(c).lower()), None)


def _called(tree: Tree, line: cst.SimpleStatementLine) -> str:
    call = _feature_call(tree, line)
    return call_name(call) if call else ""


CLEAN = """
def add_features(df):
    df["log_amount"] = np.log1p(df["amount"])
    return df

def train(path):
    X = add_features(read(path))
    a, b = split_rows(X)

def predict(path):
    X = add_features(read(path))
"""
SEEDED = """
def add_features(df):
    df["log_amount"] = np.log1p(df["amount"])
    return df

def add_features_predict(df):
    df["log_amount"] = np.log1p(df["amount"])
    return df

def train(path):
    X = add_features(read(path))
    a, b = split_rows(X)

def predict(path):
    X = add_features_predict(read(path))
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "serving has its own copy already"),
        Refusal("def train(X):\n    a, b = split_rows(X)\n", "nothing is served"),
    ),
    find=find,
    proof=Proof(
        "static",
        "Two functions have the same body; in the clean program none do.",
        shows=("duplicate",),
    ),
)
