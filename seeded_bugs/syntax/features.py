"""The function that computes the features, and the columns it derives one by one."""

from dataclasses import dataclass

import libcst as cst

from seeded_bugs.syntax.shapes import feature_lines
from seeded_bugs.syntax.tree import Scope, Tree, assignment, call_name, string, target_names


@dataclass(frozen=True)
class Derived:
    """A line ``frame["name"] = value`` of the feature function."""

    line: cst.SimpleStatementLine
    frame: str
    name: str
    value: cst.BaseExpression


def feature_function(tree: Tree) -> cst.FunctionDef | None:
    """Return the function that computes the features, called by training and serving alike."""
    called = {
        call_name(call)
        for line in feature_lines(tree)
        for call in tree.calls(within=line)
        if "feature" in call_name(call).lower()
    }
    own = tree.all(cst.FunctionDef)
    return next((function for function in own if function.name.value in called), None)


def derived(tree: Tree) -> list[Derived]:
    """Return the lines of the feature function that fill one column by name, in order."""
    function = feature_function(tree)
    found = []
    for line in tree.all(cst.SimpleStatementLine, function) if function else ():
        assign = assignment(line)
        column = assign.targets[0].target if assign is not None else None
        if assign is None or not isinstance(column, cst.Subscript) or len(assign.targets) > 1:
            continue
        name = column_name(column)
        if name is not None and isinstance(column.value, cst.Name):
            found.append(Derived(line, column.value.value, name, assign.value))
    return found


def column_name(node: cst.CSTNode) -> str | None:
    """Return the column of ``frame["column"]``; None for anything else."""
    if not isinstance(node, cst.Subscript) or not isinstance(node.value, cst.Name):
        return None
    index = node.slice[0].slice
    return string(index.value) if len(node.slice) == 1 and isinstance(index, cst.Index) else None


def feature_frame(tree: Tree) -> str | None:
    """Return the name of the table that the feature function returns, if it fills it throughout."""
    names = {d.frame for d in derived(tree)}
    return names.pop() if len(names) == 1 else None


def blank_cleaning(tree: Tree) -> list[tuple[cst.SimpleStatementLine, str, cst.Call]]:
    """Return lines ``frame[c] = ....replace("", np.nan)``: line, column and the replacing call."""
    found = []
    for call in tree.calls("replace"):
        line = tree.statement(call)
        assign = assignment(line)
        if not isinstance(line, cst.SimpleStatementLine) or assign is None or len(call.args) != 2:
            continue
        target = assign.targets[0].target
        if assign.value is not call or not isinstance(target, cst.Subscript):
            continue
        if string(call.args[0].value) == "" and isinstance(target.value, cst.Name):
            found.append((line, cst.Module([]).code_for_node(target), call))
    return found


def is_bound(tree: Tree, scope: Scope, column: str) -> bool:
    """Tell whether a scope assigns a column of this name itself."""
    for line in tree.all(cst.SimpleStatementLine, scope):
        assign = assignment(line)
        if assign is not None and column_name(assign.targets[0].target) == column:
            return True
    return False


def is_plain(line: cst.SimpleStatementLine, name: str) -> bool:
    """Tell whether a line binds just this name."""
    assign = assignment(line)
    return assign is not None and target_names(assign) == [name]
