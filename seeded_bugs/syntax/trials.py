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
        ("criterion", "criterion", '("gini", "entropy")'),
    ),
    "ExtraTrees": (
        ("max_depth", "depth", "(6, 10, 14, None)"),
        ("max_features", "share", "(0.3, 0.5, 0.8)"),
    ),
    "GradientBoosting": (("learning_rate", "rate", "(0.03, 0.1, 0.3)"),),
    "HistGradientBoosting": (("learning_rate", "rate", "(0.03, 0.1, 0.3)"),),
    "SGDClassifier": (
        ("alpha", "alpha", "(1e-5, 1e-4, 1e-3)"),
        ("penalty", "penalty", '("l2", "elasticnet", "l1")'),
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
    """Return a setting of the program's one model that it leaves alone; None where none is."""
    models = estimators(tree)
    path = _path(tree, models[0]) if len(models) == 1 else None
    if path is None:
        return None
    for start, settings in SETTINGS.items():
        for name, variable, values in settings:
            if call_name(models[0]).startswith(start) and keyword(models[0], name) is None:
                return Trial(path + name, variable, values)
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
    """Return '' where the step is the model, ``regressor__`` where it wraps it; else None."""
    step = resolve(tree, step)
    if step is model:
        return ""
    if isinstance(step, cst.Call) and re.fullmatch("TransformedTarget.*", call_name(step)):
        first = resolve(tree, step.args[0].value) if step.args else None
        return "regressor__" if first is model else None
    return None
