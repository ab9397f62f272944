"""The statements of a program in a form that renaming, layout and other words do not touch."""

import ast
import builtins
from collections.abc import Iterator
from typing import NamedTuple

_BUILT_IN = frozenset(dir(builtins))
_BODIES = ("body", "orelse", "finalbody", "handlers", "decorator_list", "cases")


class Form(NamedTuple):
    """One statement, or the head of a compound one: its normal form, lines and syntax kind."""

    text: str
    start: int
    end: int
    kind: str


def forms(program: str) -> list[Form]:
    """Return the statements of a program in the order of their lines; docstrings are left out."""
    tree = ast.parse(program)
    kept = _BUILT_IN | {
        alias.asname or alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return sorted(
        (_form(node, kept) for node in _statements(tree)), key=lambda form: (form.start, form.end)
    )


def _statements(tree: ast.Module) -> Iterator[ast.stmt | ast.excepthandler]:
    for node in ast.walk(tree):
        if isinstance(node, ast.excepthandler) or (
            isinstance(node, ast.stmt) and not _is_text(node)
        ):
            yield node


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _form(node: ast.stmt | ast.excepthandler, kept: frozenset[str] | set[str]) -> Form:
    body = getattr(node, "body", None)
    end = node.end_lineno or node.lineno
    if isinstance(body, list) and body:
        end = max(node.lineno, body[0].lineno - 1)
    text = f"{type(node).__name__}({', '.join(_fields(node, kept))})"
    return Form(text, node.lineno, end, type(node).__name__)


def _fields(node: ast.AST, kept: frozenset[str] | set[str]) -> Iterator[str]:
    for name, value in ast.iter_fields(node):
        if name not in _BODIES:
            yield _shape(value, kept)


def _shape(value: object, kept: frozenset[str] | set[str]) -> str:
    """Return a piece of the tree: names that the program chose are blanked, and so is prose."""
    if isinstance(value, list):
        return f"[{' '.join(_shape(item, kept) for item in value)}]"
    if isinstance(value, ast.Name):
        return value.id if value.id in kept else "_"
    if isinstance(value, ast.Constant):
        prose = isinstance(value.value, str) and (" " in value.value or not value.value)
        return "text" if prose else repr(value.value)
    if isinstance(value, ast.JoinedStr):
        return "text"
    if isinstance(value, ast.arg):
        return "_"
    if isinstance(value, ast.AST):
        fields = " ".join(_fields(value, kept))
        return f"{type(value).__name__}({fields})"
    return "_" if isinstance(value, str) and value not in kept and "_" in value else repr(value)
