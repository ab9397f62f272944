"""Fixed limits of the numeric columns: a module-level table such as ``{"age": (0, 120)}``."""

from dataclasses import dataclass

import libcst as cst

from seeded_bugs.syntax.shapes import find_columns
from seeded_bugs.syntax.tree import Tree, assignment, string, target_names


@dataclass(frozen=True)
class Limit:
    """The limits of one column: ``table["age"]`` is a pair, or the highest value alone."""

    column: str
    table: str
    is_pair: bool


def find_limits(tree: Tree) -> list[Limit]:
    """Return the limits of numeric columns that the module states, in the order of the text."""
    numeric, found = find_columns(tree, "NUM"), []
    for line in tree.module.body if numeric else ():
        assign = assignment(line)
        names = target_names(assign) if assign is not None else []
        if assign is None or len(names) != 1 or not isinstance(assign.value, cst.Dict):
            continue
        for element in assign.value.elements:
            column = string(element.key) if isinstance(element, cst.DictElement) else None
            pair = isinstance(element.value, cst.Tuple) and len(element.value.elements) == 2
            plain = isinstance(element.value, cst.Integer | cst.Float)
            if numeric and column in numeric.values and names[0].isupper() and (pair or plain):
                found.append(Limit(str(column), names[0], pair))
    return found
