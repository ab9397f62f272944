"""Looking around in a parsed module: parents, enclosing statements and scopes, names, code text.

One walk a module, kept for the next kind that asks about the same module.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

import libcst as cst

Node = TypeVar("Node", bound=cst.CSTNode)
Container = cst.List | cst.Tuple | cst.Dict | cst.Call
Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
Scope = cst.FunctionDef | cst.BaseCompoundStatement | cst.BaseSuite | cst.Else | cst.Module


class Tree:
    """A module with the way up from every node. Nodes are compared by identity.

    Nodes are numbered in the order of the text; those below a node follow it without a gap, so
    "below" is a comparison of two numbers.
    """

    def __init__(self, module: cst.Module) -> None:
        self.module = module
        self._nodes: list[cst.CSTNode] = []
        self._parents: dict[int, cst.CSTNode] = {}
        self._first: dict[int, int] = {}
        self._last: dict[int, int] = {}
        self._found: dict[type[cst.CSTNode], tuple[list[int], list[cst.CSTNode]]] = {}
        module.visit(_Walk(self._nodes, self._parents, self._first, self._last))

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """Return the node directly above; None above the module."""
        return self._parents.get(id(node))

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
        if kind not in self._found:
            pairs = [(i, node) for i, node in enumerate(self._nodes) if isinstance(node, kind)]
            self._found[kind] = ([i for i, _ in pairs], [node for _, node in pairs])
        numbers, nodes = self._found[kind]
        low, high = 0, len(nodes)
        if within is not None and within is not self.module:
            if id(within) not in self._first:
                return []
            low = bisect_left(numbers, self._first[id(within)])
            high = bisect_right(numbers, self._last[id(within)])
        found = [node for node in nodes[low:high] if isinstance(node, kind)]
        return found if within is not self.module else [n for n in found if self.is_free(n)]

    def is_below(self, node: cst.CSTNode, top: cst.CSTNode) -> bool:
        """Tell whether ``top`` is above the node (or is the node)."""
        if id(node) not in self._first or id(top) not in self._first:
            return node is top
        return self._first[id(top)] <= self._first[id(node)] <= self._last[id(top)]

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
        return [c for c in self.all(cst.Call, within) if not names or call_name(c) in names]

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


class _Walk(cst.CSTVisitor):
    def __init__(
        self,
        nodes: list[cst.CSTNode],
        parents: dict[int, cst.CSTNode],
        first: dict[int, int],
        last: dict[int, int],
    ) -> None:
        super().__init__()
        self._nodes, self._parents, self._first, self._last = nodes, parents, first, last
        self._stack: list[cst.CSTNode] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, _WHITESPACE):
            return False
        if self._stack:
            self._parents[id(node)] = self._stack[-1]
        self._first[id(node)] = len(self._nodes)
        self._nodes.append(node)
        self._stack.append(node)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if self._stack and self._stack[-1] is original_node:
            self._stack.pop()
            self._last[id(original_node)] = len(self._nodes) - 1

    def on_visit_attribute(self, node: cst.CSTNode, attribute: str) -> None:
        """Nothing hangs on attributes here; the default looks up a method for each."""

    def on_leave_attribute(self, original_node: cst.CSTNode, attribute: str) -> None:
        """As above."""


_WHITESPACE = (cst.SimpleWhitespace, cst.ParenthesizedWhitespace, cst.TrailingWhitespace)


@lru_cache(maxsize=16)
def tree_of(module: cst.Module) -> Tree:
    """Return the Tree of a module; the same object for the same module."""
    return Tree(module)


def code(node: cst.CSTNode) -> str:
    """Return the text of a node."""
    return cst.Module([]).code_for_node(node)


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
    value = node.evaluated_value
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
