"""Variation: the order of keyword arguments, of dictionary entries and of imported names."""

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from grader.generate.vary.purity import is_constant, is_pure
from grader.generate.vary.rewrite import Rewrites
from grader.stream import Stream
from seeded_bugs.syntax.tree import Tree, assignment, call_name, code, string, target_names

ARGUMENTS, ENTRIES, NAMES = 75, 75, 50  # per cent
IN_ORDER = frozenset({"DataFrame", "assign", "fromkeys", "agg", "dict", "OrderedDict"})


def shuffle_members(notes: Rewrites, stream: Stream) -> None:
    """Note another order of what is told by name, where the order tells nothing."""
    tree = notes.tree
    for call in tree.calls():
        named = [i for i, a in enumerate(call.args) if a.keyword is not None]
        if len(named) > 1 and stream.chance(ARGUMENTS) and _free(tree, call, named):
            order = _order(len(call.args), named, stream)
            notes.change(call, _Reordered("args", order))
    listed = _read_as_lists(tree)
    for table in tree.all(cst.Dict):
        if len(table.elements) > 1 and stream.chance(ENTRIES) and _any_order(tree, table, listed):
            order = stream.shuffled(range(len(table.elements)))
            notes.change(table, _Reordered("elements", order))
    for line in tree.all(cst.ImportFrom):
        if isinstance(line.names, cst.ImportStar) or len(line.names) < 2:
            continue
        if stream.chance(NAMES) and _bare_commas(line.names):
            order = stream.shuffled(range(len(line.names)))
            notes.change(line, _Reordered("names", order))


def _free(tree: Tree, call: cst.Call, named: Sequence[int]) -> bool:
    """Tell whether the keyword arguments can be worked out in any order."""
    if call_name(call) in IN_ORDER or any(a.star for a in call.args):
        return False
    calling = [i for i in named if not is_constant(tree, call.args[i].value)]
    pure = [i for i in calling if is_pure(tree, call.args[i].value)]
    return len(calling) - len(pure) <= (1 if len(calling) == 1 else 0) and _bare_commas(call.args)


def _any_order(tree: Tree, table: cst.Dict, listed: set[str]) -> bool:
    """Tell whether the order of a dictionary literal shows nowhere but in what is printed."""
    keys = [string(e.key) if isinstance(e, cst.DictElement) else None for e in table.elements]
    if None in keys or len(set(keys)) < len(keys) or not _bare_commas(table.elements):
        return False
    above = tree.parent(table)
    call = tree.parent(above) if isinstance(above, cst.Arg) else None
    if isinstance(call, cst.Call) and call_name(call) in IN_ORDER:
        return False
    assign = assignment(tree.statement(table))
    if assign is not None and set(target_names(assign)) & listed:
        return False
    return is_pure(tree, table)


def _read_as_lists(tree: Tree) -> set[str]:
    """Return the names whose order is read: ``list(TABLE)``, ``[*TABLE]``, a table of columns."""
    found: set[str] = set()
    for call in tree.calls("list", "tuple", "DataFrame"):
        found |= {n.value for a in call.args for n in tree.all(cst.Name, a)}
    for star in tree.all(cst.StarredElement):
        found |= tree.names(star)
    return found


def _order(count: int, named: Sequence[int], stream: Stream) -> list[int]:
    """Return the places of all arguments with the named ones shuffled among themselves."""
    mixed = iter(stream.shuffled(named))
    return [next(mixed) if i in named else i for i in range(count)]


@dataclass(frozen=True)
class _Reordered:
    """The change that puts the members of a node in another order."""

    field: str
    order: Sequence[int]

    def __call__(self, node: cst.CSTNode) -> cst.CSTNode:
        return node.with_changes(**{self.field: _put(getattr(node, self.field), self.order)})


def _put(members: Sequence[cst.CSTNode], order: Sequence[int]) -> list[cst.CSTNode]:
    """Return the members in another order; every place keeps its comma."""
    commas = [member.comma for member in members]  # type: ignore[attr-defined]
    return [
        members[place].with_changes(comma=comma) for place, comma in zip(order, commas, strict=True)
    ]


def _bare_commas(members: Sequence[cst.CSTNode]) -> bool:
    """Tell whether no comment hangs on a member."""
    return not any(
        isinstance(m.comma, cst.Comma) and "#" in code(m.comma)  # type: ignore[attr-defined]
        for m in members
    )
