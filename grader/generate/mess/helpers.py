"""Habit: helpers inlined at the one place that calls them, or grown by a needless variable."""

from collections.abc import Sequence

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from grader.spans import Span
from grader.stream import Stream
from seeded_bugs.syntax.marks import without_statement


def inline_helpers(text: str, stream: Stream, percent: int, owned: Sequence[Span]) -> str:
    """Return the program with some one-expression helpers written out where they are called.

    Only helpers with one call, plain positional arguments that are names, and no clash of names
    are inlined, so the value stays the same.
    """
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    positions = wrapper.resolve(PositionProvider)
    module = wrapper.module
    finder = _Calls()
    module.visit(finder)
    for statement in module.body:
        if not isinstance(statement, cst.FunctionDef):
            continue
        value, calls = _single_return(statement), finder.calls.get(statement.name.value, [])
        mentions = finder.mentions.get(statement.name.value, 0)
        if value is None or len(calls) != 1 or mentions != 1 or statement.decorators:
            continue
        spans = [
            Span(positions[n].start.line, positions[n].end.line) for n in (statement, calls[0])
        ]
        free = not any(_touch(span, owned) for span in spans)
        table = _bindings(statement, calls[0])
        if free and table is not None and stream.chance(percent):
            body = value.visit(_Substitute(table))
            assert isinstance(body, cst.BaseExpression)
            kept = without_statement(module, statement)
            return kept.visit(_Swap(calls[0], _wrapped(body))).code
    return text


def grow_returns(text: str, stream: Stream, percent: int, owned: Sequence[Span]) -> str:
    """Return the program with some ``return f(x)`` written as ``result = f(x)`` and ``return``."""
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    positions = wrapper.resolve(PositionProvider)
    chosen: dict[int, str] = {}
    finder = _Returns()
    wrapper.module.visit(finder)
    for line in finder.lines:
        span = Span(positions[line].start.line, positions[line].end.line)
        if not _touch(span, owned) and stream.chance(percent // 3):
            chosen[id(line)] = stream.choice(("result", "res", "ret", "out_"))
    return wrapper.module.visit(_Grow(chosen, finder.taken)).code


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


class _Calls(cst.CSTVisitor):
    """Counts, for every name, calls of it and uses of it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: dict[str, list[cst.Call]] = {}
        self.mentions: dict[str, int] = {}

    def visit_Call(self, node: cst.Call) -> None:
        if isinstance(node.func, cst.Name):
            self.calls.setdefault(node.func.value, []).append(node)

    def visit_Name(self, node: cst.Name) -> None:
        self.mentions[node.value] = self.mentions.get(node.value, 0) + 1

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self.mentions[original_node.name.value] -= 1


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


class _Swap(cst.CSTTransformer):
    def __init__(self, old: cst.Call, new: cst.BaseExpression) -> None:
        super().__init__()
        self._old, self._new = old, new

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        return self._new if original_node is self._old else updated_node


class _Returns(cst.CSTVisitor):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[cst.SimpleStatementLine] = []
        self.taken: set[str] = set()

    def visit_Name(self, node: cst.Name) -> None:
        self.taken.add(node.value)

    def visit_SimpleStatementLine(self, node: cst.SimpleStatementLine) -> None:
        only = node.body[0]
        if isinstance(only, cst.Return) and isinstance(only.value, cst.Call | cst.BinaryOperation):
            self.lines.append(node)


class _Grow(cst.CSTTransformer):
    def __init__(self, chosen: dict[int, str], taken: set[str]) -> None:
        super().__init__()
        self._chosen, self._taken = chosen, taken

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.SimpleStatementLine]:
        name = self._chosen.get(id(original_node))
        only = updated_node.body[0]
        if name is None or name in self._taken or not isinstance(only, cst.Return):
            return updated_node
        assert only.value is not None
        assign = cst.Assign([cst.AssignTarget(cst.Name(name))], only.value)
        stored = updated_node.with_changes(body=[assign])
        return cst.FlattenSentinel([stored, cst.SimpleStatementLine([cst.Return(cst.Name(name))])])
