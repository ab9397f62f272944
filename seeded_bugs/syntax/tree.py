"""Looking around in a parsed module: parents, enclosing statements and scopes, names, code text.

One walk a statement, kept for the next kind and the next module that holds the same statement.
"""

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import TypeVar, cast

import libcst as cst

from seeded_bugs.syntax.branch import Place, branch_of, printed
from seeded_bugs.syntax.whole import Statement as Statement
from seeded_bugs.syntax.whole import parts_of, print_module

Node = TypeVar("Node", bound=cst.CSTNode)
Container = cst.List | cst.Tuple | cst.Dict | cst.Call
Scope = cst.FunctionDef | cst.BaseCompoundStatement | cst.BaseSuite | cst.Else | cst.Module


class Tree:
    """A module with the way up from every node. Nodes are compared by identity."""

    def __init__(self, module: cst.Module) -> None:
        self.module = module
        self._branches = [branch_of(part) for part in parts_of(module)]
        self._places: dict[int, Place] = {}
        for branch in self._branches:
            self._places.update(branch.places)

    @cached_property
    def text(self) -> str:
        """The text of the module."""
        return print_module(self.module)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """Return the node directly above; None above the module."""
        place = self._places.get(id(node))
        if place is None:
            return None
        return self.module if place.parent is None else place.parent

    def up(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Yield the nodes above, nearest first."""
        above = self.parent(node)
        while above is not None:
            yield above
            above = self.parent(above)

    def all(self, kind: type[Node], within: cst.CSTNode | None = None) -> list[Node]:
        """Return the nodes of a class in the order of the text, all or those below a node.

        Below the module itself are those that stand in no smaller scope.
        """
        if within is None or within is self.module:
            found = [node for branch in self._branches for node in branch.found(kind).nodes]
            free = found if within is None else [node for node in found if self.is_free(node)]
            return cast(list[Node], free)
        place = self._places.get(id(within))
        if place is None:
            return []
        numbers, nodes = place.branch.found(kind)
        low, high = bisect_left(numbers, place.first), bisect_right(numbers, place.last)
        return cast(list[Node], nodes[low:high])

    def is_below(self, node: cst.CSTNode, top: cst.CSTNode) -> bool:
        """Tell whether ``top`` is above the node (or is the node)."""
        low, high = self._places.get(id(node)), self._places.get(id(top))
        if low is None or high is None:
            return node is top or (low is not None and top is self.module)
        return low.branch is high.branch and high.first <= low.first <= high.last

    def nearest(self, node: cst.CSTNode, kind: type[Node]) -> Node | None:
        """Return the nearest node of a class above the node."""
        return next((above for above in self.up(node) if isinstance(above, kind)), None)

    def statement(self, node: cst.CSTNode) -> Statement:
        """Return the statement that holds the node: a simple line or a compound statement.

        Raises:
            LookupError: if the node stands in no statement (a module's header).
        """
        for above in (node, *self.up(node)):
            if isinstance(above, cst.SimpleStatementLine | cst.BaseCompoundStatement):
                return above
        raise LookupError("the node stands in no statement")

    def block(self, statement: Statement) -> list[Statement]:
        """Return the statements that stand beside the statement, in order, itself included."""
        above = self.parent(statement)
        body = getattr(above, "body", ())
        return [
            s for s in body if isinstance(s, cst.SimpleStatementLine | cst.BaseCompoundStatement)
        ]

    def after(self, statement: Statement) -> list[Statement]:
        """Return the statements of the same block that follow."""
        block = self.block(statement)
        return block[[s is statement for s in block].index(True) + 1 :]

    def before(self, statement: Statement) -> list[Statement]:
        """Return the statements of the same block that stand above."""
        block = self.block(statement)
        return block[: [s is statement for s in block].index(True)]

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """Return the nearest function around the node."""
        return self.nearest(node, cst.FunctionDef)

    def scope(self, node: cst.CSTNode) -> Scope:
        """Return the part of the program that a node belongs to, where training and serving part.

        That is the nearest function around the node; in a flat script the outermost compound
        statement that holds it (``if command == "train": ...``), of several branches the one; else
        the module.
        """
        function = self.function(node)
        if function is not None:
            return function
        path = [above for above in self.up(node) if above is not self.module]
        return _branch(path[::-1]) or self.module

    def is_free(self, node: cst.CSTNode) -> bool:
        """Tell whether a node stands in the module and in no smaller scope."""
        return self.scope(node) is self.module

    def calls(self, *names: str, within: cst.CSTNode | None = None) -> list[cst.Call]:
        """Return calls by the last part of the called name: ``calls("read_csv")``; no name: all."""
        if within is None and len(names) == 1:
            return list(self._calls_by_name.get(names[0], ()))
        return [c for c in self.all(cst.Call, within) if not names or call_name(c) in names]

    @cached_property
    def _calls_by_name(self) -> dict[str, list[cst.Call]]:
        found: dict[str, list[cst.Call]] = {}
        for call in self.all(cst.Call):
            found.setdefault(call_name(call), []).append(call)
        return found

    def names(self, within: cst.CSTNode | None = None) -> set[str]:
        """Return every identifier below a node."""
        return {name.value for name in self.all(cst.Name, within)}


def _branch(path: Sequence[cst.CSTNode]) -> Scope | None:
    """Return the scope at the head of the way down from the module; None for a simple line."""
    top = path[0] if path else None
    if not isinstance(top, cst.BaseCompoundStatement | cst.Else):
        return None
    if not isinstance(top, cst.If) or top.orelse is None or len(path) < 2:
        return top
    if path[1] is top.orelse:
        return _branch(path[1:])
    return top.body if path[1] is top.body else top


@lru_cache(maxsize=16)
def tree_of(module: cst.Module) -> Tree:
    """Return the Tree of a module; the same object for the same module."""
    return Tree(module)


def code(node: cst.CSTNode) -> str:
    """Return the text of a node."""
    return printed(node)


def statement(text: str) -> cst.SimpleStatementLine | cst.BaseCompoundStatement:
    """Parse one statement, e.g. ``statement("x = 1")``."""
    return cst.parse_statement(text)


def statements(text: str) -> list[cst.SimpleStatementLine | cst.BaseCompoundStatement]:
    """Parse several statements, in order; comments above a statement stay with it."""
    module = cst.parse_module(text)
    body = list(module.body)
    if body and module.header:
        body[0] = body[0].with_changes(leading_lines=[*module.header, *body[0].leading_lines])
    return body


def expression(text: str) -> cst.BaseExpression:
    """Parse one expression."""
    return cst.parse_expression(text)


def call_name(call: cst.Call) -> str:
    """Return the last part of the called name: ``read_csv`` for ``pd.read_csv(...)``; else ''."""
    function = call.func
    if isinstance(function, cst.Name):
        return function.value
    return function.attr.value if isinstance(function, cst.Attribute) else ""


def keyword(call: cst.Call, name: str) -> cst.Arg | None:
    """Return the keyword argument of a call."""
    return next((a for a in call.args if a.keyword is not None and a.keyword.value == name), None)


def without_keyword(call: cst.Call, *names: str) -> cst.Call:
    """Return the call without these keyword arguments."""
    kept = [a for a in call.args if a.keyword is None or a.keyword.value not in names]
    if kept:
        kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return call.with_changes(args=kept)


def with_keyword(call: cst.Call, name: str, value: cst.BaseExpression) -> cst.Call:
    """Return the call with a keyword argument set, in its old place or at the end."""
    argument = cst.Arg(value, keyword=cst.Name(name), equal=_TIGHT)
    if keyword(call, name) is None:
        args = [a.with_changes(comma=cst.MaybeSentinel.DEFAULT) for a in call.args]
        return call.with_changes(args=[*args, argument])
    args = [
        a.with_changes(value=value) if a.keyword is not None and a.keyword.value == name else a
        for a in call.args
    ]
    return call.with_changes(args=args)


_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


def drop(
    tree: Tree, element: cst.Element | cst.Arg | cst.DictElement
) -> tuple[Container, Container]:
    """Return the list, dictionary, tuple or call that holds an element, and it without that one.

    The layout stays: the comma of a last element passes to the one before.
    """
    holder = tree.parent(element)
    assert isinstance(holder, cst.List | cst.Tuple | cst.Dict | cst.Call)
    field = "args" if isinstance(holder, cst.Call) else "elements"
    members = list(getattr(holder, field))
    place = [member is element for member in members].index(True)
    if place == len(members) - 1 and place > 0:
        members[place - 1] = members[place - 1].with_changes(comma=element.comma)
    del members[place]
    return holder, holder.with_changes(**{field: members})


def string(node: cst.CSTNode | None) -> str | None:
    """Return the value of a plain string literal; None for anything else."""
    if not isinstance(node, cst.SimpleString):
        return None
    return _evaluated(node.value)


@lru_cache(maxsize=4096)
def _evaluated(literal: str) -> str | None:
    value = ast.literal_eval(literal)
    return value if isinstance(value, str) else None


def strings(node: cst.CSTNode) -> list[str] | None:
    """Return the strings of a list or tuple literal of strings; None for anything else."""
    if not isinstance(node, cst.List | cst.Tuple):
        return None
    values = [string(element.value) for element in node.elements]
    return [v for v in values if v is not None] if None not in values else None


def assignment(node: cst.CSTNode) -> cst.Assign | None:
    """Return the assignment of a line that is just one assignment."""
    if isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1:
        only = node.body[0]
        return only if isinstance(only, cst.Assign) else None
    return None


def target_names(assign: cst.Assign) -> list[str]:
    """Return the plain names that an assignment binds, left to right."""
    target = assign.targets[0].target
    if isinstance(target, cst.Name):
        return [target.value]
    if isinstance(target, cst.Tuple | cst.List):
        return [e.value.value for e in target.elements if isinstance(e.value, cst.Name)]
    return []
