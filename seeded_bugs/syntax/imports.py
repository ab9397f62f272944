"""One more name in an import line that is there, in the order of the alphabet."""

import libcst as cst

from seeded_bugs.contract import Edit
from seeded_bugs.syntax.shapes import imported, require
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


def _with(aliases: object, name: str) -> list[cst.ImportAlias]:
    """Return the aliases with one more, laid out like the others."""
    assert isinstance(aliases, tuple | list)
    names = [alias for alias in aliases if isinstance(alias, cst.ImportAlias)]
    between = names[0].comma if len(names) > 1 else cst.MaybeSentinel.DEFAULT
    last = names[-1].comma
    added = [*names, cst.ImportAlias(cst.Name(name))]
    added.sort(key=lambda alias: (not str(alias.evaluated_name).isupper(), alias.evaluated_name))
    return [alias.with_changes(comma=last if alias is added[-1] else between) for alias in added]
