"""Keeping the markers of cells at the head of their cells when statements come and go.

A marker belongs to the statement below it, as every comment does. A statement that is put above
that one must stand below the marker, and one that goes must leave the marker to the next.
"""

from collections.abc import Sequence

import libcst as cst

from seeded_bugs.syntax.cells import is_marker

Lines = Sequence[cst.EmptyLine]


def marks_above(node: cst.CSTNode) -> list[cst.EmptyLine]:
    """Return the lines above a statement down to the last marker; none without a marker."""
    lines: Lines = getattr(node, "leading_lines", ())
    last = max((n for n, line in enumerate(lines, 1) if _is_mark(line)), default=0)
    return list(lines[:last])


def with_marks(marks: Lines, node: cst.CSTNode) -> cst.CSTNode:
    """Return a statement below these lines; one that has a marker of its own stays as it is."""
    lines: Lines | None = getattr(node, "leading_lines", None)
    if not marks or lines is None or marks_above(node):
        return node
    return node.with_changes(leading_lines=[*marks, *lines])


def marks_first(old: cst.CSTNode, new: Sequence[cst.CSTNode]) -> list[cst.CSTNode]:
    """Return the statements for the place of ``old``, its markers above the first of them."""
    marks = marks_above(old)
    if not marks or not new:
        return list(new)
    bare = [_without_marks(node) for node in new]
    return [with_marks(marks, bare[0]), *bare[1:]]


def without_statement(module: cst.Module, gone: cst.CSTNode) -> cst.Module:
    """Return the module without one of its statements; the next one inherits the marker."""
    body, marks = [], list[cst.EmptyLine]()
    for statement in module.body:
        if statement is gone:
            marks = marks_above(statement)
            continue
        kept = with_marks(marks, statement)
        assert isinstance(kept, cst.SimpleStatementLine | cst.BaseCompoundStatement)
        body.append(kept)
        marks = []
    return module.with_changes(body=body)


def _without_marks(node: cst.CSTNode) -> cst.CSTNode:
    count = len(marks_above(node))
    lines: Lines = getattr(node, "leading_lines", ())
    return node.with_changes(leading_lines=lines[count:]) if count else node


def _is_mark(line: cst.EmptyLine) -> bool:
    return line.comment is not None and is_marker(line.comment.value)
