"""One more name in an import line that is there, in the order of the alphabet."""

from collections.abc import Sequence

import libcst as cst

from seeded_bugs.contract import Edit
from seeded_bugs.syntax.imported import imported, require
from seeded_bugs.syntax.tree import Tree, code


def import_name(tree: Tree, home: str, name: str) -> tuple[Edit, ...]:
    """Return the edit that imports ``name`` from ``home``; none if that is done already."""
    if name in imported(tree, home):
        return ()
    for node in tree.all(cst.ImportFrom):
        if isinstance(node.names, cst.ImportStar) or node.module is None:
            continue
        if code(node.module) == home:
            return (Edit(node, node.with_changes(names=_with(node.names, name)), "support"),)
    return require(tree, f"from {home} import {name}")


def swap_import(tree: Tree, home: str, old: str, new: str | None, gone: int) -> tuple[Edit, ...]:
    """Return the edit that imports ``new`` from ``home``, and ``old`` no longer if it has no use.

    Args:
        new: the name to import; None to import nothing instead.
        gone: how many uses of ``old`` the other edits of the site take away.
    """
    left = [name for name in tree.all(cst.Name) if name.value == old]
    unused = len(left) == gone + 1
    for node in tree.all(cst.ImportFrom):
        if isinstance(node.names, cst.ImportStar) or node.module is None:
            continue
        aliases = list(node.names)
        if cst.Module([]).code_for_node(node.module) != home or old not in _bound(aliases):
            continue
        if unused:
            aliases = [alias for alias in aliases if alias.evaluated_name != old]
        if new is not None and new not in imported(tree, home):
            aliases = _with(node.names, new, without=old if unused else None)
        elif unused and aliases:
            aliases[-1] = aliases[-1].with_changes(comma=node.names[-1].comma)
        line = tree.statement(node)
        if not aliases:
            return (Edit(line, None, "support"),)
        return (Edit(node, node.with_changes(names=aliases), "support"),)
    return import_name(tree, home, new) if new is not None else ()


def _bound(aliases: Sequence[cst.ImportAlias]) -> list[str]:
    return [alias.evaluated_name for alias in aliases]


def _with(aliases: object, name: str, without: str | None = None) -> list[cst.ImportAlias]:
    """Return the aliases with one more, and perhaps without another, laid out like the others."""
    assert isinstance(aliases, tuple | list)
    names = [alias for alias in aliases if isinstance(alias, cst.ImportAlias)]
    between = names[0].comma if len(names) > 1 else cst.MaybeSentinel.DEFAULT
    last = names[-1].comma
    kept = [alias for alias in names if alias.evaluated_name != without]
    added = [*kept, cst.ImportAlias(cst.Name(name))]
    added.sort(key=lambda alias: (not str(alias.evaluated_name).isupper(), alias.evaluated_name))
    return [alias.with_changes(comma=last if alias is added[-1] else between) for alias in added]
