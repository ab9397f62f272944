"""Many small changes of one tree, noted first and carried out in one pass.

A variation looks at the tree as it was parsed and notes what shall become of a node. Each change is
a function of the node as its parts have made it, so changes inside one another go together: a
renamed variable stays renamed in an argument that moves.
"""

from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst

from seeded_bugs.syntax.tree import Tree

Made = cst.CSTNode | Sequence[cst.BaseStatement]
Change = Callable[[Any], Made]
Block = cst.Module | cst.IndentedBlock


def setting(**fields: object) -> Change:
    """Return the change that gives a node these fields."""
    return lambda old: old.with_changes(**fields)


class Rewrites:
    """The changes noted for one tree; ``taken`` are its names and those that changes bring in."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.taken = set(tree.names())
        self._changes: dict[int, list[Change]] = {}
        self._orders: dict[int, list[int]] = {}
        self._dropped: set[int] = set()
        self._above: set[int] = set()

    def change(self, node: cst.CSTNode, change: Change) -> None:
        """Note what becomes of a node; a statement may become several.

        Changes of one node are carried out in the order in which they were noted; once a
        statement has become several, the later ones are left out.
        """
        self._changes.setdefault(id(node), []).append(change)
        self._mark(node)

    def replace(self, node: cst.CSTNode, made: Made) -> None:
        """Note that a node becomes another whatever its parts have become."""
        self.change(node, lambda _: made)

    def drop(self, statement: cst.BaseStatement) -> None:
        """Note that a statement of a block goes."""
        self._dropped.add(id(statement))
        self._mark(statement)

    def reorder(self, block: Block, order: Sequence[int]) -> None:
        """Note the order of the statements of a block, by their present places."""
        assert sorted(order) == list(range(len(block.body))), "an order holds every place once"
        self._orders[id(block)] = list(order)
        self._mark(block)

    def touched(self, node: cst.CSTNode) -> bool:
        """Tell whether the node itself, not a part of it, is to change."""
        return id(node) in self._changes or id(node) in self._dropped

    def _mark(self, node: cst.CSTNode) -> None:
        self._above.add(id(node))
        self._above.update(id(above) for above in self.tree.up(node))

    def carried_out(self) -> cst.Module:
        """Return the module with all changes made."""
        result = self.tree.module.visit(
            _Worker(self.tree, self._changes, self._orders, self._dropped, self._above)
        )
        assert isinstance(result, cst.Module)
        return result


class _Worker(cst.CSTTransformer):
    """Carries changes out; copies only what is above a changed node."""

    def __init__(
        self,
        tree: Tree,
        changes: dict[int, list[Change]],
        orders: dict[int, list[int]],
        dropped: set[int],
        above: set[int],
    ) -> None:
        super().__init__()
        self._tree, self._changes, self._orders = tree, changes, orders
        self._dropped, self._above = dropped, above
        self._made: dict[int, list[cst.CSTNode]] = {}

    def on_visit(self, node: cst.CSTNode) -> bool:
        return id(node) in self._above

    def on_leave(  # type: ignore[override]  # libcst types it by node; one rule serves all here
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> cst.CSTNode | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNode]:
        if id(original_node) not in self._above:
            return updated_node
        if isinstance(original_node, cst.Module | cst.IndentedBlock):
            updated_node = self._block(original_node, updated_node)
        made: Made = updated_node
        for change in self._changes.get(id(original_node), ()):
            if isinstance(made, cst.CSTNode):
                made = change(made)
        if isinstance(self._tree.parent(original_node), cst.Module | cst.IndentedBlock):
            lines: list[cst.CSTNode] = [made] if isinstance(made, cst.CSTNode) else [*made]
            self._made[id(original_node)] = [] if id(original_node) in self._dropped else lines
            return original_node  # its block takes what was made of it
        assert isinstance(made, cst.CSTNode), "only a statement becomes several nodes"
        return made

    def _block(self, original: Block, updated: cst.CSTNode) -> cst.CSTNode:
        order = self._orders.get(id(original), range(len(original.body)))
        body: list[cst.CSTNode] = []
        for place in order:
            old = original.body[place]
            body.extend(self._made.pop(id(old), [old]))
        return updated.with_changes(body=body)


def shown_above(
    lines: Sequence[cst.BaseStatement], old: cst.BaseStatement
) -> list[cst.BaseStatement]:
    """Return the statements with the comments of the one whose place they take.

    What stood above it stands above the first, what stood behind it behind the last simple line.
    """
    first = lines[0].with_changes(leading_lines=getattr(old, "leading_lines", ()))
    result = [first, *lines[1:]]
    if isinstance(old, cst.SimpleStatementLine) and old.trailing_whitespace.comment is not None:
        if isinstance(result[-1], cst.SimpleStatementLine):
            result[-1] = result[-1].with_changes(trailing_whitespace=old.trailing_whitespace)
        else:
            note = cst.EmptyLine(comment=old.trailing_whitespace.comment)
            above = [*getattr(result[0], "leading_lines", ()), note]
            result[0] = result[0].with_changes(leading_lines=above)
    return result
