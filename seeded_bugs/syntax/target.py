"""What the program calls the column that it learns to predict."""

import re

import libcst as cst

from seeded_bugs.syntax.tree import Tree, assignment, string, target_names

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
