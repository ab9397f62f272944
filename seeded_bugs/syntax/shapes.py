"""The shape of an ML program: where it loads, splits, fits, evaluates, saves and serves.

Every finder goes by what the code does (the library calls it makes), never by a particular
program; a program without that shape gives None or an empty list, and the kinds that need it offer
no site there.
"""

from dataclasses import dataclass
from functools import lru_cache

import libcst as cst

from seeded_bugs.contract import Landmark
from seeded_bugs.syntax.imported import imported
from seeded_bugs.syntax.tree import (
    Scope,
    Tree,
    assignment,
    call_name,
    strings,
    target_names,
)

ESTIMATOR_HOMES = (
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.naive_bayes",
    "sklearn.neighbors",
    "sklearn.neural_network",
    "sklearn.svm",
    "sklearn.tree",
)
CROSS_VALIDATION = ("cross_val_score", "cross_validate", "cross_val_predict")


@dataclass(frozen=True)
class Split:
    """The assignment that parts the rows: ``a, b[, c, d] = ...split...(frame, ...)``."""

    line: cst.SimpleStatementLine
    call: cst.Call
    frame: str
    targets: tuple[str, ...]
    scope: Scope


@dataclass(frozen=True)
class Columns:
    """A module-level list of column names: ``NUM_COLUMNS = ["a", "b"]``."""

    name: str
    values: tuple[str, ...]
    line: cst.SimpleStatementLine
    literal: cst.List | cst.Tuple


@dataclass(frozen=True)
class Loaded:
    """The assignment that reads a saved model: ``bundle = joblib.load(path)``."""

    line: cst.SimpleStatementLine
    name: str
    scope: Scope


@dataclass(frozen=True)
class Serving:
    """The line of the prediction way that computes the features: ``X = add_features(rows)``."""

    line: cst.SimpleStatementLine
    frame: str
    scope: Scope


@lru_cache(maxsize=32)
def find_split(tree: Tree) -> Split | None:
    """Return the statement that parts training from held-out rows."""
    for line in tree.all(cst.SimpleStatementLine):
        assign = assignment(line)
        if assign is None or not isinstance(assign.value, cst.Call):
            continue
        call, targets = assign.value, target_names(assign)
        if "split" not in call_name(call).lower() or len(targets) < 2 or not call.args:
            continue
        first = call.args[0].value
        if isinstance(first, cst.Name):
            return Split(line, call, first.value, tuple(targets), tree.scope(line))
    return None


def find_columns(tree: Tree, *marks: str) -> Columns | None:
    """Return the first module-level upper-case list of strings with a mark in its name."""
    for line in tree.module.body:
        assign = assignment(line)
        if assign is None or not isinstance(line, cst.SimpleStatementLine):
            continue
        names, values = target_names(assign), strings(assign.value)
        literal = assign.value
        if (
            len(names) == 1
            and values is not None
            and isinstance(literal, cst.List | cst.Tuple)
            and names[0].isupper()
            and any(mark in names[0] for mark in marks)
        ):
            return Columns(names[0], tuple(values), line, literal)
    return None


def find_loaded(tree: Tree) -> Loaded | None:
    """Return the statement of the prediction way that reads the saved model."""
    for call in tree.calls("load"):
        line = tree.statement(call)
        assign = assignment(line)
        if assign is not None and isinstance(line, cst.SimpleStatementLine):
            names = target_names(assign)
            if len(names) == 1 and assign.value is call:
                return Loaded(line, names[0], tree.scope(call))
    return None


@lru_cache(maxsize=32)
def find_bundle(tree: Tree) -> cst.Dict | None:
    """Return the dictionary literal that ``joblib.dump`` stores."""
    for call in tree.calls("dump"):
        if not call.args:
            continue
        stored = call.args[0].value
        if isinstance(stored, cst.Dict):
            return stored
        if isinstance(stored, cst.Name):
            for line in tree.all(cst.SimpleStatementLine, tree.scope(call)):
                assign = assignment(line)
                if assign is not None and stored.value in target_names(assign):
                    return assign.value if isinstance(assign.value, cst.Dict) else None
    return None


@lru_cache(maxsize=32)
def find_serving(tree: Tree) -> Serving | None:
    """Return the line of the prediction way that computes the features."""
    split = find_split(tree)
    for line in feature_lines(tree):
        assign, scope = assignment(line), tree.scope(line)
        if split is None or assign is None or not is_apart(tree, scope, split):
            continue
        names = target_names(assign)
        if len(names) == 1:
            return Serving(line, names[0], scope)
    return None


def is_apart(tree: Tree, scope: Scope, split: Split) -> bool:
    """Tell whether a scope is not the training way's, nor the module that all ways share."""
    return scope is not split.scope and scope is not tree.module


def estimators(tree: Tree) -> list[cst.Call]:
    """Return the calls that make a scikit-learn model (baselines left out)."""
    return tree.calls(*imported(tree, *ESTIMATOR_HOMES)) if imported(tree, *ESTIMATOR_HOMES) else []


def pipeline_classes(tree: Tree) -> tuple[str, ...]:
    """Return ``Pipeline`` and the program's own classes that inherit from it."""
    own = [
        node.name.value
        for node in tree.all(cst.ClassDef)
        if any(isinstance(b.value, cst.Name) and b.value.value == "Pipeline" for b in node.bases)
    ]
    return ("Pipeline", *own)


def metric_calls(tree: Tree) -> list[cst.Call]:
    """Return the calls of functions imported from ``sklearn.metrics``, in order."""
    names = imported(tree, "sklearn.metrics")
    return tree.calls(*names) if names else []


def fit_lines(tree: Tree) -> list[cst.SimpleStatementLine]:
    """Return the lines that fit something: ``model.fit(...)`` or ``model = make().fit(...)``."""
    lines = [tree.statement(call) for call in tree.calls("fit")]
    return [line for line in lines if isinstance(line, cst.SimpleStatementLine)]


def cross_validation_lines(tree: Tree) -> list[cst.SimpleStatementLine]:
    """Return the lines that cross-validate."""
    lines = [tree.statement(call) for call in tree.calls(*CROSS_VALIDATION)]
    return [line for line in lines if isinstance(line, cst.SimpleStatementLine)]


def validation_lines(tree: Tree) -> list[cst.SimpleStatementLine]:
    """Return the lines that call a function named for validating or checking."""
    found = []
    for call in tree.calls():
        name = call_name(call).lower()
        line = tree.statement(call) if ("validate" in name or "check" in name) else None
        if isinstance(line, cst.SimpleStatementLine) and name not in CROSS_VALIDATION:
            found.append(line)
    return found


def checked_frame(line: cst.SimpleStatementLine) -> str | None:
    """Return the name of the table that a line like ``validate(frame, path)`` checks."""
    only = line.body[0]
    call = only.value if isinstance(only, cst.Expr | cst.Assign) else None
    if isinstance(call, cst.Call) and call.args and isinstance(call.args[0].value, cst.Name):
        return call.args[0].value.value
    return None


def feature_lines(tree: Tree) -> list[cst.SimpleStatementLine]:
    """Return the lines ``frame = ...feature...(frame)`` of training and serving."""
    found = []
    for call in tree.calls():
        if "feature" in call_name(call).lower():
            line = tree.statement(call)
            assign = assignment(line)
            if not isinstance(line, cst.SimpleStatementLine) or assign is None:
                continue
            if _head(assign.value) is call:
                found.append(line)
    return found


def _head(value: cst.BaseExpression) -> cst.BaseExpression:
    """Return what a chain starts from: ``f(x)`` in ``f(x).sort_index()[columns]``."""
    while True:
        if isinstance(value, cst.Subscript):
            value = value.value
        elif isinstance(value, cst.Call) and isinstance(value.func, cst.Attribute):
            if not isinstance(value.func.value, cst.Call | cst.Subscript):
                return value
            value = value.func.value
        else:
            return value


def landmark_nodes(tree: Tree, landmark: Landmark) -> list[cst.CSTNode]:
    """Return the statements of a landmark, in the order of the text."""
    split, serving = find_split(tree), find_serving(tree)
    if landmark == "split":
        return [split.line] if split else []
    if landmark == "serve":
        return [serving.scope] if serving else []
    by_call: dict[str, list[cst.Call]] = {
        "load": tree.calls("read_csv"),
        "pipeline": tree.calls(*pipeline_classes(tree), "make_pipeline", "ColumnTransformer"),
        "save": tree.calls("dump"),
        "evaluate": metric_calls(tree),
    }
    by_line: dict[str, list[cst.SimpleStatementLine]] = {
        "validate": validation_lines(tree),
        "fit": fit_lines(tree),
        "cross-validate": cross_validation_lines(tree),
    }
    nodes = by_line.get(landmark) or [
        line
        for line in (tree.statement(call) for call in by_call.get(landmark, []))
        if isinstance(line, cst.SimpleStatementLine)
    ]
    return list(dict.fromkeys(nodes))
