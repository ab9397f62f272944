"""What the program calls the column that it learns to predict, and the one that names its rows."""

import re

import libcst as cst

from seeded_bugs.syntax.tree import Tree, assignment, string, target_names

_IDS = re.compile(r"_(id|ref)$")
_MARK = re.compile(r"(^|_)(TARGET|LABEL)(_|$)")


def target_name(tree: Tree) -> str | None:
    """Return the module-level name of the target's column: ``TARGET`` for ``TARGET = "left"``.

    Names bound side by side (``ID, TARGET = "id", "left"``) count as well.
    """
    for line in tree.module.body:
        assign = assignment(line)
        names = target_names(assign) if assign is not None else []
        if assign is None:
            continue
        value = assign.value
        values = [e.value for e in value.elements] if isinstance(value, cst.Tuple) else [value]
        for name, bound in zip(names, values, strict=False):
            if _MARK.search(name) and string(bound):
                return name
    return None


def id_name(tree: Tree) -> str | None:
    """Return the column of the rows' identifiers as the text of a subscript; None without one.

    ``ID`` for ``ID = "customer_id"``; a text such as ``"stay_id"`` where the module lists it.
    """
    for line in tree.module.body:
        assign = assignment(line)
        names = target_names(assign) if assign is not None else []
        value = assign.value if assign is not None else None
        values = [e.value for e in value.elements] if isinstance(value, cst.Tuple) else [value]
        for name, bound in zip(names, values, strict=False):
            if _IDS.search(string(bound) or "") and name.isupper():
                return name
        if isinstance(value, cst.List) and isinstance(line, cst.SimpleStatementLine):
            for node in tree.all(cst.SimpleString, line):
                if _IDS.search(string(node) or ""):
                    return f'"{string(node)}"'
    return None
