"""Which setting of the model a hurried tuner would try, and how the pipeline addresses it."""

import re
from dataclasses import dataclass

import libcst as cst

from seeded_bugs.syntax.preparation import resolve
from seeded_bugs.syntax.shapes import estimators, pipeline_classes
from seeded_bugs.syntax.tree import Tree, call_name, keyword, string

# A setting that the program does not set itself: what it stores as its parameters stays true.
SETTINGS = {
    "LogisticRegression": (
        ("C", "c", "(0.01, 0.03, 0.1, 0.3, 1.0)"),
        ("class_weight", "weight", '(None, "balanced")'),
    ),
    "RandomForest": (
        ("max_features", "share", '("sqrt", 0.4, 0.7)'),
        ("max_samples", "drawn", "(0.5, 0.7, 0.9)"),
    ),
    "ExtraTrees": (
        ("max_depth", "depth", "(6, 10, 14, None)"),
        ("max_features", "share", "(0.3, 0.5, 0.8)"),
    ),
    "GradientBoosting": (
        ("max_depth", "depth", "(2, 3, 4, 6)"),
        ("min_samples_leaf", "leaf", "(1, 5, 20)"),
    ),
    "HistGradientBoosting": (("learning_rate", "rate", "(0.03, 0.1, 0.3)"),),
    "SGDClassifier": (
        ("alpha", "alpha", "(1e-5, 1e-4, 1e-3)"),
        ("penalty", "penalty", '("l2", "elasticnet", "l1")'),
    ),
    "KNeighbors": (
        ("metric", "metric", '("euclidean", "manhattan", "chebyshev")'),
        ("weights", "weights", '("uniform", "distance")'),
    ),
    "DecisionTree": (("max_depth", "depth", "(3, 5, 8, None)"),),
    "ElasticNet": (("l1_ratio", "share", "(0.1, 0.3, 0.7, 0.95)"),),
    "Ridge": (("alpha", "alpha", "(0.1, 1.0, 10.0)"),),
}


@dataclass(frozen=True)
class Trial:
    """A setting to try: its path from the pipeline (``model__C``), a variable, its values."""

    path: str
    variable: str
    values: str


def find_trial(tree: Tree) -> Trial | None:
    """Return a setting of the program's model that it leaves alone; None where none is.

    There is one model, or one committee whose members have settings of their own.
    """
    models = [call for call in estimators(tree) if not _is_committee(call)]
    if len(models) != 1 and len(models) == len(estimators(tree)):
        return None
    for model in models:
        path = _path(tree, model)
        for start, settings in SETTINGS.items() if path is not None else ():
            for name, variable, values in settings:
                if call_name(model).startswith(start) and keyword(model, name) is None:
                    return Trial(f"{path}{name}", variable, values)
    return None


def _path(tree: Tree, model: cst.Call) -> str | None:
    """Return what stands before the setting: the steps from the pipeline down to the model."""
    for call in tree.calls(*pipeline_classes(tree)):
        steps = call.args[0].value if call.args else None
        last = steps.elements[-1].value if isinstance(steps, cst.List) and steps.elements else None
        if isinstance(last, cst.Tuple) and len(last.elements) == 2:
            inside = _inside(tree, last.elements[1].value, model)
            name = string(last.elements[0].value)
            if inside is not None and name:
                return f"{name}__{inside}"
    for call in tree.calls("make_pipeline"):
        steps_given = [a for a in call.args if a.keyword is None]
        last_given = resolve(tree, steps_given[-1].value) if steps_given else None
        inside = _inside(tree, last_given, model) if last_given is not None else None
        if inside is not None and isinstance(last_given, cst.Call):
            return f"{call_name(last_given).lower()}__{inside}"
    return None


def _inside(tree: Tree, step: cst.BaseExpression, model: cst.Call) -> str | None:
    """Return the way from a step to the model inside; '' where the step is the model.

    ``regressor__`` where the target is transformed, ``trees__`` for a member of a committee.
    """
    step = resolve(tree, step)
    if step is model:
        return ""
    first = step.args[0].value if isinstance(step, cst.Call) and step.args else None
    if not isinstance(step, cst.Call) or first is None:
        return None
    if re.fullmatch("TransformedTarget.*", call_name(step)):
        inside = _inside(tree, first, model)
        return None if inside is None else f"regressor__{inside}"
    members = resolve(tree, first) if _is_committee(step) else None
    for element in members.elements if isinstance(members, cst.List) else ():
        pair = element.value.elements if isinstance(element.value, cst.Tuple) else ()
        if len(pair) == 2 and _inside(tree, pair[1].value, model) == "":
            return f"{string(pair[0].value)}__"
    return None


def _is_committee(call: cst.Call) -> bool:
    return call_name(call).startswith("Voting")
