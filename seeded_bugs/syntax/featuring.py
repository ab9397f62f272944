"""The function that computes the features, shared by training and serving."""

from dataclasses import dataclass

import libcst as cst

from seeded_bugs.syntax.tree import Tree, assignment


@dataclass(frozen=True)
class Featuring:
    """A function ``...feature...(frame)``: the name of its table, where it starts and returns.

    Args:
        first: the first line of the body that adds a column.
        last: the return line that ends the body.
    """

    function: cst.FunctionDef
    frame: str
    first: cst.SimpleStatementLine
    last: cst.SimpleStatementLine


def find_featuring(tree: Tree) -> Featuring | None:
    """Return the first feature function that adds columns one by one and ends in a return."""
    for function in tree.all(cst.FunctionDef):
        body = list(function.body.body)
        last = body[-1] if body else None
        if "feature" not in function.name.value.lower() or not _returns(last):
            continue
        for line in body:
            assign = assignment(line)
            target = assign.targets[0].target if assign is not None else None
            if isinstance(target, cst.Subscript) and isinstance(target.value, cst.Name):
                assert isinstance(line, cst.SimpleStatementLine)
                assert isinstance(last, cst.SimpleStatementLine)
                return Featuring(function, target.value.value, line, last)
    return None


def _returns(node: object) -> bool:
    return isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[-1], cst.Return)
