"""Habit: helpers inlined at the one place that calls them, or grown by a needless variable."""

from collections import Counter
from collections.abc import Mapping, Sequence

import libcst as cst

from grader.generate.mess.rewrite import New, Rewrites
from grader.spans import Span
from grader.stream import Stream
from seeded_bugs.contract import Edit, Site, sow
from seeded_bugs.syntax.tree import Tree

GROWN = ("result", "res", "ret", "out_")
Lines = Mapping[cst.CSTNode, Span]
"""The lines of each statement of a tree."""


def inline_helpers(
    tree: Tree, lines: Lines, stream: Stream, percent: int, owned: Sequence[Span]
) -> cst.Module:
    """Return the module with at most one one-expression helper written out where it is called.

    Only helpers with one call, plain positional arguments that are names, and no clash of names
    are inlined, so the value stays the same.
    """
    module = tree.module
    mentions = Counter(name.value for name in tree.all(cst.Name))
    mentions.subtract(function.name.value for function in tree.all(cst.FunctionDef))
    for function in module.body:
        if not isinstance(function, cst.FunctionDef) or mentions[function.name.value] != 1:
            continue
        value, call = _single_return(function), _only_call(tree, function)
        if value is None or call is None or function.decorators:
            continue
        homes = (lines[function], lines[tree.statement(call)])
        table = _bindings(function, call)
        free = not any(_touch(home, owned) for home in homes)
        if free and table is not None and stream.chance(percent):
            body = value.visit(_Substitute(table))
            assert isinstance(body, cst.BaseExpression)
            site = Site((Edit(function, None), Edit(call, _wrapped(body))))
            return sow(module, site, ("main",))
    return module


def grow_returns(
    tree: Tree, lines: Lines, stream: Stream, percent: int, owned: Sequence[Span]
) -> Rewrites:
    """Write some ``return f(x)`` as ``result = f(x)`` and ``return result``, a line more."""
    taken = tree.names()
    chosen: dict[cst.CSTNode, _Grow] = {}
    for line in tree.all(cst.SimpleStatementLine):
        only = line.body[0]
        if not isinstance(only, cst.Return) or not isinstance(only.value, _GROWING):
            continue
        if not _touch(lines[line], owned) and stream.chance(percent // 3):
            name = stream.choice(GROWN)
            if name not in taken:
                chosen[line] = _Grow(name)
    return chosen


_GROWING = (cst.Call, cst.BinaryOperation)


class _Grow:
    """Stores the value of a return line under a name first."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, node: cst.CSTNode) -> New:
        assert isinstance(node, cst.SimpleStatementLine)
        only = node.body[0]
        assert isinstance(only, cst.Return)
        assert only.value is not None
        assign = cst.Assign([cst.AssignTarget(cst.Name(self._name))], only.value)
        back = cst.SimpleStatementLine([cst.Return(cst.Name(self._name))])
        return cst.FlattenSentinel([node.with_changes(body=[assign]), back])


def _only_call(tree: Tree, function: cst.FunctionDef) -> cst.Call | None:
    """Return the one call of a function by its bare name, if it stands outside the function."""
    name = function.name.value
    calls = [c for c in tree.calls(name) if isinstance(c.func, cst.Name)]
    return calls[0] if len(calls) == 1 and not tree.is_below(calls[0], function) else None


def _single_return(function: cst.FunctionDef) -> cst.BaseExpression | None:
    if not isinstance(function.body, cst.IndentedBlock):
        return None
    body = list(function.body.body)
    if len(body) == 2 and isinstance(body[0], cst.SimpleStatementLine):
        first = body[0].body[0]
        if isinstance(first, cst.Expr) and isinstance(first.value, cst.SimpleString):
            body = body[1:]
    if len(body) != 1 or not isinstance(body[0], cst.SimpleStatementLine):
        return None
    only = body[0].body[0]
    return only.value if isinstance(only, cst.Return) else None


def _bindings(function: cst.FunctionDef, call: cst.Call) -> dict[str, cst.BaseExpression] | None:
    """Return what each parameter stands for; None unless plain names are passed by position."""
    parameters = function.params
    plain = not (parameters.kwonly_params or parameters.star_kwarg or parameters.posonly_params)
    if not plain or not isinstance(parameters.star_arg, cst.MaybeSentinel):
        return None
    names = [p.name.value for p in parameters.params]
    if len(names) != len(call.args):
        return None
    table: dict[str, cst.BaseExpression] = {}
    for name, argument in zip(names, call.args, strict=True):
        if argument.keyword or argument.star or not isinstance(argument.value, cst.Name):
            return None
        table[name] = argument.value
    return table


def _wrapped(value: cst.BaseExpression) -> cst.BaseExpression:
    if value.lpar or isinstance(value, cst.Name | cst.Call | cst.Subscript | cst.Attribute):
        return value
    return value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _touch(span: Span, owned: Sequence[Span]) -> bool:
    return any(span.start <= o.end and o.start <= span.end for o in owned)


class _Substitute(cst.CSTTransformer):
    def __init__(self, table: dict[str, cst.BaseExpression]) -> None:
        super().__init__()
        self._table = table
        self._keep: set[int] = set()

    def visit_Attribute(self, node: cst.Attribute) -> None:
        self._keep.add(id(node.attr))

    def visit_Arg(self, node: cst.Arg) -> None:
        if node.keyword is not None:
            self._keep.add(id(node.keyword))

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        if id(original_node) in self._keep:
            return updated_node
        return self._table.get(updated_node.value, updated_node)
