"""On which lines the statements of a program stand.

The two parsers see the same statements in the same order, and the one of the standard library
tells lines at a tenth of the cost.
"""

import ast
from collections.abc import Iterator, Mapping

import libcst as cst

from grader.spans import Span
from seeded_bugs.syntax.tree import Tree


def statement_lines(tree: Tree) -> dict[cst.CSTNode, Span]:
    """Return the lines of every statement line and every compound statement.

    Decorators and comments above are left out, comments behind the last line as well.
    """
    simple, compound = list[Span](), list[Span]()
    for node in _statements(ast.parse(tree.text).body):
        home = compound if hasattr(node, "body") or isinstance(node, ast.Match) else simple
        home.append(Span(node.lineno, node.end_lineno or node.lineno))
    # `all` takes any class of nodes; mypy wants one that can be made.
    small = dict(zip(tree.all(cst.BaseSmallStatement), simple, strict=True))  # type: ignore[type-abstract]
    lines: dict[cst.CSTNode, Span] = {
        line: Span(small[line.body[0]].start, small[line.body[-1]].end)
        for line in tree.all(cst.SimpleStatementLine)
    }
    lines.update(zip(tree.all(cst.BaseCompoundStatement), compound, strict=True))  # type: ignore[type-abstract]
    return lines


def lines_of(tree: Tree, lines: Mapping[cst.CSTNode, Span], node: cst.CSTNode) -> Span:
    """Return the lines of a statement; of a part of one (``else``, a block) those of its inside."""
    if node in lines:
        return lines[node]
    inside = [lines[line] for line in tree.all(cst.SimpleStatementLine, node)]
    return Span(min(span.start for span in inside), max(span.end for span in inside))


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements in the order of the text, each before those inside it."""
    for node in body:
        yield node
        yield from _statements(getattr(node, "body", []))
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            yield from _statements(part.body)
        yield from _statements(getattr(node, "orelse", []))
        yield from _statements(getattr(node, "finalbody", []))
