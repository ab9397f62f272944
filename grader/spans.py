"""The one line table, and spans of lines: overlap, distance, carry across an edit.

Lines are numbered from 1. A span holds both its ends. ``\\n``, ``\\r\\n`` and ``\\r`` end a line;
nothing else does (``str.splitlines`` also breaks at form feeds and Unicode separators, which no
editor counts), so page, readers and grader agree on what line 12 is.
"""

import ast
import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

_LINE_END = re.compile(r"\r\n|\r|\n")


class Span(NamedTuple):
    """Lines ``start .. end``, numbered from 1, both included."""

    start: int
    end: int


def split_lines(text: str) -> list[str]:
    """Return the lines of ``text`` without their ends; a last line end opens no further line."""
    lines = _LINE_END.split(text)
    if lines and lines[-1] == "":
        lines.pop()
    return lines


def overlap(a: Span, b: Span) -> int:
    """Return how many lines the two spans share."""
    return max(0, min(a.end, b.end) - max(a.start, b.start) + 1)


def distance(a: Span, b: Span) -> int:
    """Return how many lines apart the spans are: 0 when they share one, 1 when they touch."""
    if overlap(a, b):
        return 0
    return b.start - a.end if a.end < b.start else a.start - b.end


def merge(spans: Sequence[Span]) -> list[Span]:
    """Return the same lines as few spans, in order; touching spans become one."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end + 1:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def changed(before: str, after: str) -> list[Span]:
    """Return the lines of ``after`` that an edit wrote.

    Where lines only went, the span is the lines on both sides of the gap. Blank lines at the edge
    of a change are left out.
    """
    old, new = split_lines(before), split_lines(after)
    spans: list[Span] = []
    for above, below in pairwise([_Same(0, 0, 0), *_same(old, new)]):
        j1, j2 = above.j + above.n, below.j
        if j1 == j2 and above.i + above.n == below.i:
            continue
        while j1 < j2 and not new[j1].strip():
            j1 += 1
        while j2 > j1 and not new[j2 - 1].strip():
            j2 -= 1
        if j1 < j2:
            spans.append(Span(j1 + 1, j2))
        elif new:
            spans.append(_around_gap(new, j1))
    return merge(spans)


def _around_gap(lines: Sequence[str], gap: int) -> Span:
    """Return the nearest written lines above and below a gap that stands before ``lines[gap]``."""
    above, below = gap - 1, gap
    while above > 0 and not lines[above].strip():
        above -= 1
    while below < len(lines) - 1 and not lines[below].strip():
        below += 1
    return Span(max(above, 0) + 1, min(below, len(lines) - 1) + 1)


class _Same(NamedTuple):
    """``n`` lines that are the same from ``old[i]`` and ``new[j]`` on."""

    i: int
    j: int
    n: int


def _same(old: Sequence[str], new: Sequence[str]) -> list[_Same]:
    """Return the common stretches of two texts, in order; the last one is empty, at both ends.

    What is the same at the head and at the foot is put aside first: most edits are small.
    """
    short = min(len(old), len(new))
    head = next((k for k in range(short) if old[k] != new[k]), short)
    room = short - head
    foot = next((k for k in range(room) if old[-1 - k] != new[-1 - k]), room)
    middle = old[head : len(old) - foot], new[head : len(new) - foot]
    # autojunk drops frequent lines in long files, which would tear spans apart.
    between = SequenceMatcher(None, *middle, autojunk=False).get_matching_blocks()
    found = [_Same(0, 0, head), *(_Same(i + head, j + head, n) for i, j, n in between)]
    found.append(_Same(len(old) - foot, len(new) - foot, foot))
    return [*(s for s in found if s.n), _Same(len(old), len(new), 0)]


class LineMap:
    """Where each line of one text stands in a later text.

    Args:
        targets: for each old line (in order) the lines it became; None when it has gone.
    """

    def __init__(self, targets: Sequence[Span | None]) -> None:
        self._targets = tuple(targets)

    @classmethod
    def by_diff(cls, before: str, after: str) -> "LineMap":
        """Map by the longest common lines, white space at both ends put aside."""
        old = [line.strip() for line in split_lines(before)]
        new = [line.strip() for line in split_lines(after)]
        targets: list[Span | None] = [None] * len(old)
        for i, j, n in _same(old, new):
            for k in range(n):
                targets[i + k] = Span(j + k + 1, j + k + 1)
        return cls(targets)

    @classmethod
    def by_origin(cls, origins: Sequence[int], old_length: int) -> "LineMap":
        """Map by what an edit says itself: the old number of each new line, 0 for a new one."""
        targets: list[Span | None] = [None] * old_length
        for number, origin in enumerate(origins, 1):
            if origin:
                targets[origin - 1] = Span(number, number)
        return cls(targets)

    @classmethod
    def by_structure(cls, before: str, after: str) -> "LineMap":
        """Map by syntax, for an edit that keeps the tree: a formatter, a renaming.

        A line becomes the lines from where the nodes that start on it start now, to where the
        nodes that end on it end now.

        Raises:
            ValueError: if the two texts do not have the same shape of tree.
        """
        count = len(split_lines(before))
        lows: list[int | None] = [None] * count
        highs: list[int | None] = [None] * count
        for (start, end), (new_start, new_end) in zip(
            _positions(before), _positions(after), strict=True
        ):
            low, high = lows[start - 1], highs[end - 1]
            lows[start - 1] = new_start if low is None else min(low, new_start)
            highs[end - 1] = new_end if high is None else max(high, new_end)
        targets: list[Span | None] = []
        for low, high in zip(lows, highs, strict=True):
            ends = [end for end in (low, high) if end is not None]
            targets.append(Span(ends[0], max(ends)) if ends else None)
        return cls(targets)

    def line(self, number: int) -> int | None:
        """Return the first new line of one old line; None when it has gone."""
        target = self._targets[number - 1]
        return target.start if target else None

    def carry(self, span: Span) -> Span | None:
        """Return where the span stands now; None when none of its lines is left.

        Lines that came in between two carried lines belong to the span; a line that has gone at
        an end of the span is left out.
        """
        kept = [t for t in self._targets[span.start - 1 : span.end] if t]
        return Span(min(t.start for t in kept), max(t.end for t in kept)) if kept else None

    def kept_together(self, span: Span) -> bool:
        """Tell whether every line of the span is still there and nothing came in between."""
        kept = [t for t in self._targets[span.start - 1 : span.end] if t]
        whole = len(kept) == span.end - span.start + 1
        return whole and all(b.start <= a.end + 1 for a, b in pairwise(kept))


def _positions(text: str) -> list[tuple[int, int]]:
    """Return first and last line of every node that has them, in the order of the tree."""
    positions: list[tuple[int, int]] = []
    stack: list[ast.AST] = [ast.parse(text)]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.JoinedStr):
            # The parts of an f-string have no reliable lines before Python 3.12.
            positions.append((node.lineno, node.end_lineno or node.lineno))
            continue
        line = getattr(node, "lineno", None)
        if line is not None:
            decorators = getattr(node, "decorator_list", [])
            first = min([line, *(d.lineno for d in decorators)])
            positions.append((first, getattr(node, "end_lineno", None) or line))
        stack.extend(reversed(list(ast.iter_child_nodes(node))))
    return positions
