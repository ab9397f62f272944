"""The two sides of a split: what the rows to learn from and the held-out rows are called.

Two shapes are known: ``train_test_split(X, y)`` gives four names; a split of the whole frame gives
two, and their columns get names afterwards (``X_past, y_past = past[FEATURES], past[TARGET]``).
"""

from dataclasses import dataclass

import libcst as cst

from seeded_bugs.syntax.shapes import Split, find_split
from seeded_bugs.syntax.tree import Scope, Tree, assignment, call_name, code, target_names


@dataclass(frozen=True)
class Sides:
    """Features and labels on either side, the model, and the line that fits it for good.

    Args:
        parts: the two frames of a split that parts a whole frame, older or training part first.
        all_x: features of all rows, as an expression of the scope that splits.
        all_y: labels of all rows.
    """

    split: Split
    train_x: str
    train_y: str
    test_x: str
    test_y: str
    all_x: str
    all_y: str
    parts: tuple[str, str] | None
    model: str
    fit: cst.SimpleStatementLine
    fit_call: cst.Call

    def held_out(self) -> dict[str, str]:
        """Return the name of the training side for each name of the held-out side."""
        names = {self.test_x: self.train_x, self.test_y: self.train_y}
        return names | ({self.parts[1]: self.parts[0]} if self.parts else {})


def find_sides(tree: Tree) -> Sides | None:
    """Return the sides as the fit of the model names them; None where they cannot be told."""
    split = find_split(tree)
    for call in tree.calls("fit", within=split.scope) if split else []:
        line, names = tree.statement(call), [a.value for a in call.args]
        model = _model(tree, line, call)
        if split is None or model is None or len(names) != 2:
            continue
        x, y = names
        if (
            isinstance(line, cst.SimpleStatementLine)
            and isinstance(x, cst.Name)
            and isinstance(y, cst.Name)
        ):
            sides = _sides(tree, split, x.value, y.value, (model, line, call))
            if sides is not None:
                return sides
    return None


def baselines(tree: Tree) -> set[str]:
    """Return the names that a model without insight is bound to."""
    found: set[str] = set()
    for line in tree.all(cst.SimpleStatementLine):
        assign = assignment(line)
        if assign is not None and any("Dummy" in call_name(c) for c in tree.calls(within=line)):
            found |= set(target_names(assign))
    return found


def bindings(tree: Tree, scope: Scope) -> list[tuple[str, cst.BaseExpression]]:
    """Return the plain names bound in a scope and what to, parallel assignments taken apart."""
    found = []
    for line in tree.all(cst.SimpleStatementLine, scope):
        assign = assignment(line)
        if assign is None:
            continue
        target, value = assign.targets[0].target, assign.value
        pairs: list[tuple[cst.BaseExpression, cst.BaseExpression]] = [(target, value)]
        if isinstance(target, cst.Tuple) and isinstance(value, cst.Tuple):
            pairs = [
                (a.value, b.value) for a, b in zip(target.elements, value.elements, strict=False)
            ]
        found += [(a.value, b) for a, b in pairs if isinstance(a, cst.Name)]
    return found


def _model(tree: Tree, line: cst.CSTNode, call: cst.Call) -> str | None:
    """Return the name of the model that a line fits; None for a baseline or an unnamed model."""
    if not isinstance(call.func, cst.Attribute):
        return None
    assign = assignment(line)
    if assign is not None:
        names = target_names(assign)
        name = names[0] if len(names) == 1 and assign.value is call else None
    else:
        fitted = call.func.value
        alone = isinstance(line, cst.SimpleStatementLine) and _is_only(line, call)
        name = fitted.value if alone and isinstance(fitted, cst.Name) else None
    return None if name in baselines(tree) else name


def _is_only(line: cst.SimpleStatementLine, call: cst.Call) -> bool:
    only = line.body[0]
    return len(line.body) == 1 and isinstance(only, cst.Expr) and only.value is call


def _sides(
    tree: Tree,
    split: Split,
    x: str,
    y: str,
    fitted: tuple[str, cst.SimpleStatementLine, cst.Call],
) -> Sides | None:
    model, fit, call = fitted
    targets, given = split.targets, [a.value for a in split.call.args if a.keyword is None]
    if len(targets) == 4 and (x, y) == (targets[0], targets[2]) and len(given) == 2:
        wholes = (code(given[0]), code(given[1]))
        return Sides(split, x, y, targets[1], targets[3], *wholes, None, model, fit, call)
    if len(targets) != 2:
        return None
    taken = {
        name: (value.value.value, code(value)[len(value.value.value) :])
        for name, value in bindings(tree, split.scope)
        if isinstance(value, cst.Subscript) and isinstance(value.value, cst.Name)
    }
    other = {how: name for name, how in taken.items()}
    if x not in taken or y not in taken or {taken[x][0], taken[y][0]} != {targets[0]}:
        return None
    by_x, by_y = taken[x][1], taken[y][1]
    test_x, test_y = other.get((targets[1], by_x)), other.get((targets[1], by_y))
    if test_x is None or test_y is None:
        return None
    wholes = (split.frame + by_x, split.frame + by_y)
    parts = (targets[0], targets[1])
    return Sides(split, x, y, test_x, test_y, *wholes, parts, model, fit, call)
