"""Where a remark points, and how far that is from a place of the key.

Remarks and places are widened to the whole statements they touch, so the last line of a call and
a decorator are as good as its first line.
"""

import ast
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from grader.records.key import AnswerKey, Place
from grader.records.submission import Comment
from grader.spans import Span, distance, split_lines

DRIFT = 2  # lines off that cost nothing
NEAR = 12  # lines off that still may be meant
SMALL_FUNCTION = 40
WIDEST = 10
HEADER = 3  # a remark on the first lines of the file is about the file

Nearness = Literal["at", "near", "far", "file"]


class Spot(NamedTuple):
    """Where a remark points: its lines, None for the whole file; ``words`` tell a person."""

    lines: Span | None
    wide: Span | None
    words: str


class Reach(NamedTuple):
    """How a spot lies to an item.

    Attributes:
        nearness: at its place, near it, far off, or pointing at the whole file.
        lines: the distance, None without a place.
        main: whether the nearest place is the flaw itself and no landmark.
        head: whether the spot is the head of a small function that holds the place.
    """

    nearness: Nearness
    lines: int | None
    main: bool
    head: bool = False


FILE_WIDE = Reach("file", None, False)
_BY_RANK: tuple[Nearness, ...] = ("at", "near", "far")
_RANK = {nearness: rank for rank, nearness in enumerate(_BY_RANK)}
_UNREACHED = (len(_BY_RANK), 0, True)


class Layout:
    """The statements, functions and cells of a published program."""

    def __init__(self, key: AnswerKey) -> None:
        self.lines = split_lines(key.program)
        self._cells = {cell.cell: cell for cell in key.cells}
        self._statement = {i: Span(i, i) for i in range(1, len(self.lines) + 1)}
        self._functions: list[tuple[Span, Span]] = []
        self._read(key.program)

    def _read(self, program: str) -> None:
        try:
            tree = ast.parse(program)
        except SyntaxError:  # a notebook may hold magics; lines then stand for themselves
            return
        for node in ast.walk(tree):
            if not isinstance(node, ast.stmt):
                continue
            span = _own_lines(node)
            for line in range(span.start, span.end + 1):
                old = self._statement.get(line)
                if old is None or old.end - old.start == 0:
                    self._statement[line] = span
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self._functions.append((Span(span.start, node.end_lineno or span.end), span))

    def widen(self, span: Span) -> Span:
        """Return the span with the whole statements at its ends."""
        first = self._statement.get(span.start, span)
        last = self._statement.get(span.end, span)
        return Span(min(span.start, first.start), max(span.end, last.end))

    def function_at(self, span: Span) -> Span | None:
        """Return the smallest function that holds the span."""
        around = [f for f, _ in self._functions if f.start <= span.start and span.end <= f.end]
        return min(around, key=lambda f: (f.end - f.start, f.start), default=None)

    def headed_by(self, span: Span) -> Span | None:
        """Return the function whose ``def`` line the span points at."""
        for function, header in self._functions:
            if header.start <= span.start and span.end <= header.end:
                return function
        return None

    def spot(self, comment: Comment) -> Spot:
        """Return where a remark points, in lines of the program."""
        if comment.file is not None and not comment.file.lower().endswith((".py", ".ipynb")):
            return Spot(None, None, f"{comment.file}, no place in the program")
        if comment.cell is not None:
            return self._spot_in_cell(comment, comment.cell)
        if comment.line is None:
            return Spot(None, None, "whole file")
        return self._spot_at(comment.line, comment.end_line or comment.line, len(self.lines))

    def _spot_in_cell(self, comment: Comment, number: int) -> Spot:
        cell = self._cells.get(number)
        if cell is None or cell.lines is None:
            return Spot(None, None, f"cell {number}, no place in the program")
        start, end = cell.lines.start, cell.lines.end
        if comment.line is None:
            return self._spot_at(start, end, end)
        first = start + comment.line - 1
        last = start + (comment.end_line or comment.line) - 1
        return self._spot_at(min(first, end), last, end)

    def _spot_at(self, first: int, last: int, limit: int) -> Spot:
        start, end = min(first, last), min(max(first, last), limit)
        if start > limit:
            return Spot(None, None, f"line {start}, past the end of the program")
        span = Span(start, end)
        words = f"line {start}" if start == end else f"lines {start}-{end}"
        return Spot(span, self.widen(span), words)


def _own_lines(node: ast.stmt) -> Span:
    """Return the lines of a statement; of one with a body, those of its head."""
    start = _first_line(node)
    body = getattr(node, "body", None)
    if isinstance(body, list) and body:
        first = body[0]
        return Span(start, max(start, _first_line(first) - 1))
    return Span(start, node.end_lineno or start)


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


class Anchored(NamedTuple):
    """A place of the key, ready to be measured against."""

    span: Span
    wide: Span
    function: Span | None
    main: bool


def anchor(places: Iterable[Place], layout: Layout) -> tuple[Anchored, ...]:
    """Return the places of an item or decoy, ready to be measured against."""
    anchored = []
    for place in places:
        span = Span(place.lines.start, place.lines.end)
        anchored.append(
            Anchored(span, layout.widen(span), layout.function_at(span), place.role != "landmark")
        )
    return tuple(anchored)


def reach_all(
    spot: Spot, owners: Iterable[Sequence[Anchored]], layout: Layout
) -> tuple[Reach, ...]:
    """Return how a spot lies to the nearest place of each owner of places."""
    if spot.lines is None or spot.wide is None:
        return tuple(FILE_WIDE for _ in owners)
    headed = layout.headed_by(spot.lines)
    stand = _Stand(spot.lines, spot.wide, headed, headed or layout.function_at(spot.lines))
    return tuple(_reach(stand, places) for places in owners)


class _Stand(NamedTuple):
    """A spot with the function whose head it is, and the one that it stands in."""

    lines: Span
    wide: Span
    headed: Span | None
    around: Span | None


def _reach(stand: _Stand, places: Sequence[Anchored]) -> Reach:
    size = stand.lines.end - stand.lines.start + 1
    best, nearest = _UNREACHED, None
    for place in places:
        if size > max(WIDEST, 3 * (place.span.end - place.span.start + 1)):
            # Marking most of a small function is as good as its head, and no better.
            if not _small_and_holds(stand.around, place):
                continue
            found = (_RANK["near"], 0, not place.main)
        else:
            # The wide spans hold the narrow ones, so they are no farther apart.
            lines = distance(stand.wide, place.wide)
            found = (_RANK[_nearness(lines, stand.around, place)], lines, not place.main)
        if found < best:
            best, nearest = found, place
    if nearest is None:
        return FILE_WIDE
    head = _small_and_holds(stand.headed, nearest)
    return Reach(_BY_RANK[best[0]], best[1], nearest.main, head)


def _nearness(lines: int, around: Span | None, place: Anchored) -> Nearness:
    """Return how near a place is by its distance, or by the small function that both stand in."""
    if lines <= DRIFT:
        return "at"
    return "near" if lines <= NEAR or _small_and_holds(around, place) else "far"


def _small_and_holds(function: Span | None, place: Anchored) -> bool:
    if function is None or function.end - function.start >= SMALL_FUNCTION:
        return False
    return function.start <= place.span.start and place.span.end <= function.end
