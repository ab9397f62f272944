"""Habit: blank lines within a block stand where this hand puts them, not where they were written.

The blank lines of the clean program part its paragraphs. A statement that was sown has no paragraph
of its own, so what stands free or close would tell it. All blank lines between the statements of a
block therefore go, and others come by a rule that knows nothing but the sort of the statements.
"""

import ast
from collections.abc import Collection, Iterator
from itertools import pairwise

from grader.generate.mess.leftovers import Lines
from grader.spans import Span, split_lines
from grader.stream import Stream
from seeded_bugs.syntax.cells import marked_lines

_DEFINES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_OPENS = ast.If | ast.For | ast.While | ast.With | ast.Try
_DENSITIES = (2, 5, 9)
_MORE = 2  # times more often where a block ends or begins, and before a return


def paragraphs(text: str, stream: Stream) -> Lines:
    """Return the program with the blank lines of one hand between the statements of each block.

    What stands around functions, classes, imports, docstrings and the marks of cells stays as it
    is: the formatter and the notebook say what stands there.
    """
    lines = split_lines(text)
    density = stream.choice(_DENSITIES)
    gone: set[int] = set()
    opened: set[int] = set()
    for above, gap, below in _gaps(ast.parse(text), marked_lines(text)):
        gone.update(n for n in range(gap.start, gap.end + 1) if not lines[n - 1].strip())
        heavy = isinstance(above, _OPENS) or isinstance(below, _OPENS | ast.Return)
        if stream.chance(density * (_MORE if heavy else 1)):
            opened.add(gap.start)
    result: Lines = []
    for number, line in enumerate(lines, 1):
        if number in opened:
            result.append((0, ""))
        if number not in gone:
            result.append((number, line))
    return result


def _gaps(tree: ast.Module, marked: Collection[int]) -> Iterator[tuple[ast.stmt, Span, ast.stmt]]:
    """Yield neighbours in a block with the lines from behind the first to the second's own."""
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if not isinstance(block, list):
                continue
            for above, below in pairwise(block):
                gap = Span((above.end_lineno or above.lineno) + 1, below.lineno)
                if gap.start > gap.end or _fixed(node, above, below):
                    continue
                if not any(n in marked for n in range(gap.start, gap.end + 1)):
                    yield above, gap, below


def _fixed(parent: ast.AST, above: ast.stmt, below: ast.stmt) -> bool:
    """Tell whether something other than the hand says what stands between two statements."""
    either = (above, below)
    if isinstance(parent, ast.Module) and any(isinstance(s, _IMPORTS) for s in either):
        return True
    text = isinstance(above, ast.Expr) and isinstance(above.value, ast.Constant)
    return text or any(isinstance(s, _DEFINES) for s in either)


_IMPORTS = ast.Import | ast.ImportFrom
