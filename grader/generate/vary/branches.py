"""Variation: a choice between two values as an expression or as two branches."""

import libcst as cst

from grader.generate.vary.rewrite import Rewrites, shown_above
from grader.stream import Stream
from seeded_bugs.syntax.tree import Tree, assignment

OPENED, CLOSED = 50, 50  # per cent of the expressions and of the branches that change


def swap_branches(notes: Rewrites, stream: Stream) -> None:
    """Note some ``x = a if c else b`` as branches, and some such branches as an expression."""
    tree = notes.tree
    for line in tree.all(cst.SimpleStatementLine):
        inside = tree.function(line) is not None and not notes.touched(line)
        if inside and _chosen(line) is not None and stream.chance(OPENED):
            notes.change(line, _as_branches)
    for branch in tree.all(cst.If):
        if _two_values(tree, branch) and stream.chance(CLOSED) and not notes.touched(branch):
            notes.change(branch, _as_expression)


def _chosen(line: cst.SimpleStatementLine) -> cst.IfExp | None:
    """Return the conditional expression that is all a line binds or returns."""
    if len(line.body) != 1:
        return None
    only = line.body[0]
    assign = assignment(line)
    if assign is not None:
        plain = len(assign.targets) == 1 and isinstance(assign.targets[0].target, cst.Name)
        return assign.value if plain and isinstance(assign.value, cst.IfExp) else None
    return (
        only.value if isinstance(only, cst.Return) and isinstance(only.value, cst.IfExp) else None
    )


def _as_branches(line: cst.SimpleStatementLine) -> cst.CSTNode | list[cst.BaseStatement]:
    chosen = _chosen(line)
    if chosen is None:
        return line
    only = line.body[0]
    first = _line(only.with_changes(value=_bare(chosen.body)))
    second = _line(only.with_changes(value=_bare(chosen.orelse)))
    test = _bare(chosen.test)
    if isinstance(only, cst.Return):
        return shown_above([cst.If(test, cst.IndentedBlock([first])), second], line)
    other = cst.Else(cst.IndentedBlock([second]))
    return shown_above([cst.If(test, cst.IndentedBlock([first]), other)], line)


def _bare(value: cst.BaseExpression) -> cst.BaseExpression:
    return value.with_changes(lpar=[], rpar=[]) if not isinstance(value, cst.Tuple) else value


def _line(part: cst.BaseSmallStatement) -> cst.SimpleStatementLine:
    return cst.SimpleStatementLine([part])


def _two_values(tree: Tree, branch: cst.If) -> bool:
    """Tell whether both branches of an ``if`` bind the same name and do nothing else."""
    parent = tree.parent(branch)
    pair = _pair(branch)
    if pair is None or not isinstance(parent, cst.IndentedBlock):
        return False
    (a, b) = (assignment(line) for line in pair)
    if a is None or b is None or len(a.targets) != 1 or len(b.targets) != 1:
        return False
    left, right = a.targets[0].target, b.targets[0].target
    return (
        isinstance(left, cst.Name)
        and isinstance(right, cst.Name)
        and left.value == right.value
        and not isinstance(a.value, cst.IfExp | cst.Lambda)
        and not isinstance(b.value, cst.IfExp | cst.Lambda)
    )


def _pair(branch: cst.If) -> tuple[cst.SimpleStatementLine, cst.SimpleStatementLine] | None:
    if not isinstance(branch.orelse, cst.Else):
        return None
    bodies = [list(b.body.body) for b in (branch, branch.orelse)]
    if any(len(body) != 1 for body in bodies):
        return None
    a, b = bodies[0][0], bodies[1][0]
    if not isinstance(a, cst.SimpleStatementLine) or not isinstance(b, cst.SimpleStatementLine):
        return None
    notes = [
        line.trailing_whitespace.comment or any(x.comment for x in line.leading_lines)
        for line in (a, b)
    ]
    return None if any(notes) else (a, b)


def _as_expression(branch: cst.If) -> cst.CSTNode:
    pair = _pair(branch)
    assigns = [assignment(line) for line in pair] if pair is not None else []
    if len(assigns) != 2 or assigns[0] is None or assigns[1] is None:
        return branch
    value = cst.IfExp(branch.test, assigns[0].value, assigns[1].value)
    line = _line(assigns[0].with_changes(value=value))
    return line.with_changes(leading_lines=branch.leading_lines)
