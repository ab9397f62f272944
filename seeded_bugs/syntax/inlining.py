"""Helpers that one function alone calls, and how they read when written out at the call."""

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from seeded_bugs.syntax.tree import Tree, assignment, code, statement, target_names


@dataclass(frozen=True)
class Inlined:
    """A helper, the line that calls it, and the statements that do the same in its place."""

    helper: cst.FunctionDef
    line: cst.SimpleStatementLine
    statements: Sequence[cst.BaseStatement]


def inlinable(tree: Tree, host: cst.FunctionDef) -> list[Inlined]:
    """Return the helpers of a function that can be written out without a clash of names."""
    found, taken = list[Inlined](), _local(tree, host)
    for helper in tree.all(cst.FunctionDef):
        line = _only_call(tree, helper, host)
        made = _written_out(tree, helper, line, taken) if line is not None else None
        if made is not None:
            found.append(made)
            taken |= _local(tree, helper)
    return found


def _local(tree: Tree, function: cst.FunctionDef) -> set[str]:
    """Return every name that a function binds or reads, but for attributes and keywords."""
    names = set()
    for name in tree.all(cst.Name, function):
        above = tree.parent(name)
        attribute = isinstance(above, cst.Attribute) and above.attr is name
        keyword = isinstance(above, cst.Arg) and above.keyword is name
        if not attribute and not keyword:
            names.add(name.value)
    return names


def _bound(tree: Tree, function: cst.FunctionDef) -> set[str]:
    """Return the names that a function binds itself: parameters, targets, loop variables."""
    names = {parameter.name.value for parameter in function.params.params}
    for target in tree.all(cst.AssignTarget, function):
        names |= {name.value for name in tree.all(cst.Name, target)}
    loops = [loop.target for loop in tree.all(cst.For, function)]
    loops += [loop.target for loop in tree.all(cst.CompFor, function)]
    names |= {name.value for target in loops for name in tree.all(cst.Name, target)}
    return names


def _only_call(
    tree: Tree, helper: cst.FunctionDef, host: cst.FunctionDef
) -> cst.SimpleStatementLine | None:
    """Return the line ``name = helper(...)`` of the host if nothing else mentions the helper."""
    name = helper.name.value
    if len([n for n in tree.all(cst.Name) if n.value == name]) != 2 or helper.decorators:
        return None
    for call in tree.calls(name, within=host):
        line = tree.statement(call)
        assign = assignment(line)
        named = assign is not None and assign.value is call and target_names(assign)
        if named and isinstance(line, cst.SimpleStatementLine):
            return line
    return None


def _written_out(
    tree: Tree, helper: cst.FunctionDef, line: cst.SimpleStatementLine, taken: set[str]
) -> Inlined | None:
    """Return the helper's body for the line; None where it cannot stand there."""
    assign = assignment(line)
    body = list(helper.body.body)
    last = body[-1] if body else None
    returned = last.body[0] if isinstance(last, cst.SimpleStatementLine) else None
    odd = (*tree.all(cst.Yield, helper), *tree.all(cst.FunctionDef, helper)[1:])
    if assign is None or not isinstance(returned, cst.Return) or returned.value is None or odd:
        return None
    if len(tree.all(cst.Return, helper)) != 1 or not isinstance(assign.value, cst.Call):
        return None
    given = _given(helper, assign.value)
    if given is None:
        return None
    own = _bound(tree, helper) - {name for name, text in given.items() if name == text}
    if own & (taken - set(target_names(assign))):
        return None
    result = cst.SimpleStatementLine([assign.with_changes(value=returned.value)])
    kept = body[1:-1] if helper.get_docstring() is not None else body[:-1]
    lines: list[cst.BaseStatement] = [
        statement(f"{name} = {text}") for name, text in given.items() if name != text
    ]
    lines += [s for s in kept if isinstance(s, cst.BaseStatement)]
    if code(assign.targets[0].target) != code(returned.value):
        lines.append(result)
    head = (
        lines[0].with_changes(leading_lines=line.leading_lines) if line.leading_lines else lines[0]
    )
    return Inlined(helper, line, [head, *lines[1:]])


def _given(helper: cst.FunctionDef, call: cst.Call) -> dict[str, str] | None:
    """Return what each parameter stands for in the call; None unless all are given by place."""
    params = helper.params
    names = [parameter.name.value for parameter in params.params]
    if names[:1] == ["self"] and isinstance(call.func, cst.Attribute):
        names = names[1:]
    plain = all(argument.keyword is None and not argument.star for argument in call.args)
    if params.kwonly_params or params.star_kwarg or not plain or len(names) != len(call.args):
        return None
    texts = [code(argument.value) for argument in call.args]
    return dict(zip(names, texts, strict=True))
