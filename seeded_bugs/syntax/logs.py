"""Where a program logs."""

import libcst as cst

from seeded_bugs.syntax.tree import Scope, Tree, assignment, call_name, target_names


def logger_name(tree: Tree) -> str | None:
    """Return the name of the module's logger: ``log`` for ``log = logging.getLogger(...)``."""
    for line in tree.module.body:
        assign = assignment(line)
        made = assign.value if assign is not None else None
        if assign is not None and isinstance(made, cst.Call) and call_name(made) == "getLogger":
            return target_names(assign)[0]
    return None


def info_lines(tree: Tree, scope: Scope) -> list[cst.SimpleStatementLine]:
    """Return the lines of a scope that are one ``log.info(...)`` and nothing else."""
    name, found = logger_name(tree), []
    for call in tree.calls("info", within=scope):
        line = tree.statement(call)
        of_logger = isinstance(call.func, cst.Attribute) and isinstance(call.func.value, cst.Name)
        if not isinstance(line, cst.SimpleStatementLine) or not of_logger:
            continue
        only = line.body[0]
        assert isinstance(call.func, cst.Attribute)
        assert isinstance(call.func.value, cst.Name)
        if isinstance(only, cst.Expr) and only.value is call and call.func.value.value == name:
            found.append(line)
    return found
