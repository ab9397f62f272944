"""What habits of wording change: nodes and what becomes of each, carried out in one pass."""

from collections.abc import Callable, Mapping

import libcst as cst

from seeded_bugs.syntax.tree import Tree

New = cst.CSTNode | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNode]
Rewrites = Mapping[cst.CSTNode, Callable[[cst.CSTNode], New]]
"""For nodes of a tree, what to make of each; it gets the node with all changes below it done."""


def carried_out(tree: Tree, *habits: Rewrites) -> cst.Module:
    """Return the module with the rewrites of all habits done; each node belongs to one habit.

    Only what is above a rewritten node is copied.
    """
    rewrites = {id(node): change for habit in habits for node, change in habit.items()}
    above = {id(up) for habit in habits for node in habit for up in tree.up(node)}
    assert len(rewrites) == sum(map(len, habits)), "two habits rewrite one node"
    worker = _Worker(rewrites, above)
    body: list[cst.BaseStatement] = []
    for statement in tree.module.body:
        new = statement.visit(worker)
        if isinstance(new, cst.FlattenSentinel):
            body.extend(part for part in new if isinstance(part, cst.BaseStatement))
        elif isinstance(new, cst.BaseStatement):
            body.append(new)
    return tree.module.with_changes(body=body)


class _Worker(cst.CSTTransformer):
    def __init__(
        self, rewrites: Mapping[int, Callable[[cst.CSTNode], New]], above: set[int]
    ) -> None:
        super().__init__()
        self._rewrites, self._above = rewrites, above

    def on_visit(self, node: cst.CSTNode) -> bool:
        return id(node) in self._above

    def on_leave(  # type: ignore[override]  # libcst types it by node; one rule serves all here
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> New:
        change = self._rewrites.get(id(original_node))
        return updated_node if change is None else change(updated_node)

    def on_visit_attribute(self, node: cst.CSTNode, attribute: str) -> None:
        """Nothing hangs on attributes here; the default looks up a method for each."""

    def on_leave_attribute(self, original_node: cst.CSTNode, attribute: str) -> None:
        """As above."""
