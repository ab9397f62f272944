"""A split by an own function that holds out whole groups of rows."""

from dataclasses import dataclass

import libcst as cst

from seeded_bugs.syntax.shapes import find_split
from seeded_bugs.syntax.tree import Tree, call_name, code, keyword


@dataclass(frozen=True)
class GroupSplit:
    """The call ``split_by_user(rows, share, seed)`` and the function behind it.

    Args:
        helper: the program's own function, which nothing else calls.
        share: what it is given for the size of the held-out part.
        seed: what it is given for the seed.
        column: the column of the groups, as the text of a subscript: ``USER`` or ``"user_id"``.
    """

    helper: cst.FunctionDef
    share: cst.BaseExpression
    seed: cst.BaseExpression
    column: str


def find_group_split(tree: Tree) -> GroupSplit | None:
    """Return the split by groups; None where the rows are split in another way."""
    split = find_split(tree)
    if split is None or len(split.call.args) != 3 or not isinstance(split.call.func, cst.Name):
        return None
    name = call_name(split.call)
    own = [f for f in tree.all(cst.FunctionDef) if f.name.value == name]
    if len(own) != 1 or len(tree.calls(name)) != 1:
        return None
    (helper,) = own
    lots, column = tree.calls("GroupShuffleSplit", within=helper), _column(tree, helper)
    if len(lots) != 1 or column is None:
        return None
    return GroupSplit(helper, split.call.args[1].value, split.call.args[2].value, column)


def _column(tree: Tree, helper: cst.FunctionDef) -> str | None:
    """Return the column in ``....split(rows, groups=rows[USER])``."""
    for call in tree.calls("split", within=helper):
        groups = keyword(call, "groups")
        if groups is not None and isinstance(groups.value, cst.Subscript):
            only = groups.value.slice[0].slice
            return code(only.value) if isinstance(only, cst.Index) else None
    return None
