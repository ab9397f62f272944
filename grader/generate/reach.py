"""How far one must look to see a flaw: its reach, measured on the text that it stands in.

A flaw is *near* when all that shows it stands together, and *far* (delocalised) when cause and
effect lie many lines apart, so that no single passage looks wrong.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import libcst as cst

from grader.generate.lines import lines_of, statement_lines
from grader.spans import Span, distance, overlap
from seeded_bugs.contract import Entry, Landmark, Part, Site
from seeded_bugs.syntax.shapes import landmark_nodes
from seeded_bugs.syntax.tree import tree_of
from seeded_bugs.words import Category

# In these a line is wrong only beside another one: the split, the fit, the evaluation. A flaw of
# any other category (a path, an `except`, a secret) is seen whole where it stands.
RELATIONS: tuple[Category, ...] = ("leakage", "evaluation", "statistics")


class Reach(NamedTuple):
    """``lines`` that the flaw itself takes; ``apart``: lines between the ends to be compared."""

    lines: int
    apart: int


class Ground:
    """A program with the lines of its landmarks and functions, found when first asked for."""

    def __init__(self, module: cst.Module) -> None:
        self.module = module
        self._tree = tree_of(module)
        self._lines = statement_lines(self._tree)
        self._landmarks: dict[Landmark, list[Span]] = {}

    def landmark(self, name: Landmark) -> list[Span]:
        """Return the lines of the statements of a landmark."""
        if name not in self._landmarks:
            nodes = landmark_nodes(self._tree, name)
            self._landmarks[name] = [self.span(node) for node in nodes]
        return self._landmarks[name]

    @cached_property
    def functions(self) -> list[Span]:
        """Return the lines of every function."""
        return [self.span(node) for node in self._tree.all(cst.FunctionDef)]

    def edited(self, site: Site, part: Part) -> tuple[Span, ...]:
        """Return the lines that the edits of a site would touch."""
        return tuple(self.span(edit.node) for edit in site.edits if edit.part == part)

    def span(self, node: cst.CSTNode) -> Span:
        """Return the lines of a statement or of a block; of an expression, those of its line."""
        statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
        if isinstance(node, statement | cst.BaseSuite | cst.Else | cst.Finally | cst.ExceptHandler):
            return lines_of(self._tree, self._lines, node)
        above = (outer for outer in self._tree.up(node) if outer in self._lines)
        found = next(above)
        if isinstance(found, cst.SimpleStatementLine):
            return self._lines[found]
        return Span(self._lines[found].start, self._lines[found].start)


def reach(entry: Entry, main: Sequence[Span], trace: Sequence[Span], ground: Ground) -> Reach:
    """Return the reach of a flaw with these places on this ground.

    ``apart`` is the greatest of these distances, in lines:

    - between two of the flaw's own places;
    - for a leak, an evaluation or a statistic: from its main place to the nearest statement of
      each of its landmarks, such as the split;
    - for a flaw of serving: to the nearest fit of another function, where training did otherwise;
    - for an absence: the length of the function that must be read to know that nothing is there.
    """
    own = sorted({*main, *trace})
    ends = [distance(a, b) for a in own for b in own if a < b]
    around = _innermost(main, ground.functions)
    if entry.category in RELATIONS:
        for name in entry.elsewhere:
            ends += _nearest(main, ground.landmark(name))
    if entry.category == "serving":
        fits = ground.landmark("fit")
        ends += _nearest(main, [f for f in fits if not any(overlap(f, own) for own in around)])
    if entry.anchor == "absence":
        ends += [function.end - function.start for function in around]
    return Reach(sum(s.end - s.start + 1 for s in own), max(ends, default=0))


def _nearest(main: Sequence[Span], places: Sequence[Span]) -> list[int]:
    """Return the distance to the nearest of the places; none when there is no place."""
    return [min(distance(m, p) for m in main for p in places)] if places else []


def _innermost(main: Sequence[Span], functions: Sequence[Span]) -> list[Span]:
    """Return, for each place that lies in a function, the smallest function around it."""
    around = [[f for f in functions if f.start <= m.start and m.end <= f.end] for m in main]
    return [min(found, key=lambda f: f.end - f.start) for found in around if found]
