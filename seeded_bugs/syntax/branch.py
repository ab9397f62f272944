"""One statement of a module with all below it: walked once, printed once, kept for later modules.

An edit copies only the statements it touches; the others stand in the next module as they are, so
what was found out about them still holds.
"""

import dataclasses
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from itertools import chain
from typing import NamedTuple, TypeVar

import libcst as cst
from libcst._nodes.internal import CodegenState

Node = TypeVar("Node", bound=cst.CSTNode)


class Place(NamedTuple):
    """Where a node stands: below which node, and which numbers it and those below it have."""

    branch: "Branch"
    parent: cst.CSTNode | None
    first: int
    last: int


class Branch:
    """A node that hangs on a module, with every node below it, numbered in the order of the text.

    Nodes are compared by identity. Those below a node follow it without a gap, so "below" is a
    comparison of numbers.
    """

    def __init__(self, top: cst.CSTNode) -> None:
        self.nodes: list[cst.CSTNode] = []
        self.places: dict[int, Place] = {}
        self._found: dict[type[cst.CSTNode], Found] = {}
        self._by_type: dict[type[cst.CSTNode], list[int]] = {}
        self._add(top, None)

    def _add(self, node: cst.CSTNode, parent: cst.CSTNode | None) -> None:
        kind = type(node)
        first = len(self.nodes)
        self.nodes.append(node)
        self._by_type.setdefault(kind, []).append(first)
        for field in _FIELDS[kind] if kind in _FIELDS else _learnt(node):
            value = getattr(node, field)
            if isinstance(value, _MANY):
                for member in value:
                    self._add(member, node)
            elif value.__class__ not in _LEAVES:
                self._add(value, node)
        self.places[id(node)] = Place(self, parent, first, len(self.nodes) - 1)

    def found(self, kind: type[cst.CSTNode]) -> "Found":
        """Return the nodes of a class in the order of the text, with their numbers."""
        if kind not in self._found:
            fitting = [n for t, n in self._by_type.items() if issubclass(t, kind)]
            numbers = fitting[0] if len(fitting) == 1 else sorted(chain(*fitting))
            self._found[kind] = Found(numbers, [self.nodes[number] for number in numbers])
        return self._found[kind]


class Found(NamedTuple):
    """Nodes of one class and their numbers, in the same order."""

    numbers: list[int]
    nodes: list[cst.CSTNode]


class _Printing(CodegenState):
    """The state of a printing that notes no positions.

    libcst opens a generator at every node to let somebody note where it stands, a third of the
    time of printing.
    """

    def record_syntactic_position(  # type: ignore[override]  # a context manager all the same
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> AbstractContextManager[None]:
        return _NOWHERE


_NOWHERE = nullcontext()


@lru_cache(maxsize=2048)
def branch_of(node: cst.CSTNode) -> Branch:
    """Return the Branch of a node that hangs on a module; the same object for the same node."""
    return Branch(node)


@lru_cache(maxsize=2048)
def text_of(node: cst.CSTNode) -> str:
    """Return the text of a statement, with the comments and blank lines above it."""
    return printed(node)


def printed(node: cst.CSTNode) -> str:
    """Return the text of any node."""
    state = _Printing(default_indent="    ", default_newline="\n")
    node._codegen(state)
    return "".join(state.tokens)


_MANY = (list, tuple)
_LEAVES = frozenset(
    {
        *(str, int, bool, type(None), cst.MaybeSentinel),
        *(cst.SimpleWhitespace, cst.ParenthesizedWhitespace, cst.TrailingWhitespace),
    }
)
_FIELDS: dict[type[cst.CSTNode], tuple[str, ...]] = {}


def _learnt(node: cst.CSTNode) -> tuple[str, ...]:
    """Return the fields of a class of nodes, in the order in which a visit goes through them.

    A visit is silent about one field (the format of a value in a string); it stands last.
    """
    listener = _Fields(node)
    node.visit(listener)
    order = dict.fromkeys([*listener.fields, *(f.name for f in dataclasses.fields(node))])
    _FIELDS[type(node)] = tuple(order)
    return _FIELDS[type(node)]


class _Fields(cst.CSTVisitor):
    """Hears which fields of one node a visit goes through."""

    def __init__(self, node: cst.CSTNode) -> None:
        super().__init__()
        self._node = node
        self.fields: list[str] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        return node is self._node

    def on_visit_attribute(self, node: cst.CSTNode, attribute: str) -> None:
        self.fields.append(attribute)
