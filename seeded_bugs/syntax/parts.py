"""What stands for the training rows, the held-out rows and all rows, features and labels apart."""

import re
from dataclasses import dataclass

import libcst as cst

from seeded_bugs.syntax.shapes import Split, find_split
from seeded_bugs.syntax.task import bindings
from seeded_bugs.syntax.tree import Tree, call_name, code


@dataclass(frozen=True)
class Part:
    """One table or column in its three forms, as expressions; ``name`` is what ``fit`` gets."""

    name: str
    train: str
    test: str
    whole: str


@dataclass(frozen=True)
class Fit:
    """The line ``model.fit(features, labels)`` that learns from the training rows."""

    line: cst.SimpleStatementLine
    model: str
    features: Part
    labels: Part


def find_fit(tree: Tree) -> Fit | None:
    """Return the line that fits the model on the training part; None where none is known."""
    split = find_split(tree)
    for line in tree.all(cst.SimpleStatementLine, split.scope) if split else ():
        only = line.body[0]
        call = only.value if isinstance(only, cst.Expr) else None
        if not isinstance(call, cst.Call) or call_name(call) != "fit" or len(call.args) != 2:
            continue
        if isinstance(call.func, cst.Attribute) and split is not None:
            features, labels = (_part(tree, split, argument.value) for argument in call.args)
            if features and labels:
                return Fit(line, code(call.func.value), features, labels)
    return None


def _part(tree: Tree, split: Split, given: cst.BaseExpression) -> Part | None:
    if not isinstance(given, cst.Name):
        return None
    direct = _of_target(split, given.value)
    if direct is not None:
        test, whole = direct
        return Part(given.value, given.value, test, whole)
    for name, value in bindings(tree, split.scope):
        targets = tree.names(value) & set(split.targets)
        if name != given.value or len(targets) != 1:
            continue
        target = targets.pop()
        direct = _of_target(split, target)
        if direct is not None:
            train = code(value)
            test, whole = (re.sub(rf"\b{target}\b", other, train) for other in direct)
            return Part(name, train, test, whole)
    return None


def _of_target(split: Split, target: str) -> tuple[str, str] | None:
    """Return the held-out counterpart of a target that holds training rows, and all rows."""
    if target not in split.targets:
        return None
    place = split.targets.index(target)
    given = [argument.value for argument in split.call.args if argument.keyword is None]
    if call_name(split.call) != "train_test_split":
        return (split.targets[1], split.frame) if place == 0 and len(split.targets) == 2 else None
    if place % 2 or place + 1 >= len(split.targets) or place // 2 >= len(given):
        return None
    return split.targets[place + 1], code(given[place // 2])
