"""What a program imports, and the edit that adds an import."""

import libcst as cst

from seeded_bugs.contract import Edit
from seeded_bugs.syntax.tree import Tree, statement


def imported(tree: Tree, *homes: str) -> set[str]:
    """Return the names that ``from HOME import ...`` binds, for these homes."""
    found: set[str] = set()
    for node in tree.all(cst.ImportFrom):
        if node.module is None or isinstance(node.names, cst.ImportStar):
            continue
        home = _dotted(node.module)
        if home in homes:
            for alias in node.names:
                bound = alias.asname.name if alias.asname is not None else alias.name
                if isinstance(bound, cst.Name):
                    found.add(bound.value)
    return found


def _dotted(node: cst.Attribute | cst.Name) -> str:
    if isinstance(node, cst.Name):
        return node.value
    assert isinstance(node.value, cst.Attribute | cst.Name)
    return f"{_dotted(node.value)}.{node.attr.value}"


def require(tree: Tree, *imports: str) -> tuple[Edit, ...]:
    """Return the edit that adds what is missing of these import lines, e.g. ``import time``."""
    present = {line.strip() for line in tree.text.splitlines()}
    missing = [text for text in imports if text not in present and not _bound(tree, text)]
    last = [s for s in tree.module.body if _is_import(s)]
    if not missing or not last:
        return ()
    anchor = last[-1]
    assert isinstance(anchor, cst.SimpleStatementLine)
    return (Edit(anchor, [anchor, *(statement(text) for text in missing)], "support"),)


def _bound(tree: Tree, text: str) -> bool:
    """Tell whether a ``from HOME import NAME`` line is already covered by a longer one."""
    if not text.startswith("from "):
        return False
    _, home, _, name = text.split(maxsplit=3)
    return name in imported(tree, home)


def _is_import(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.SimpleStatementLine) and isinstance(
        node.body[0], cst.Import | cst.ImportFrom
    )
