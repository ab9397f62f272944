"""The line table, and spans carried across edits."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.spans import LineMap, Span, changed, distance, merge, overlap, split_lines

LINES = st.lists(st.sampled_from(["a = 1", "b = 2", "c = 3", "", "    d = 4"]), max_size=12)
SPANS = st.tuples(st.integers(1, 30), st.integers(0, 9)).map(lambda p: Span(p[0], p[0] + p[1]))


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("a", 1), ("a\n", 1), ("a\r\nb\rc\n", 3), ("a\x0cb\u2028c", 1), ("\n\n", 2)],
)
def test_only_the_three_line_ends_end_a_line(text: str, count: int) -> None:
    assert len(split_lines(text)) == count


@given(SPANS, SPANS)
def test_distance_is_symmetric_and_zero_exactly_on_overlap(a: Span, b: Span) -> None:
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (overlap(a, b) > 0)


@given(st.lists(SPANS, max_size=8))
def test_merging_keeps_every_line_and_leaves_gaps_between(spans: list[Span]) -> None:
    merged = merge(spans)
    lines = {n for s in spans for n in range(s.start, s.end + 1)}
    assert {n for s in merged for n in range(s.start, s.end + 1)} == lines
    assert all(b.start > a.end + 1 for a, b in pairwise(merged))


def test_changed_lines_are_the_written_ones() -> None:
    assert changed("a\nb\nc\n", "a\nX\nY\nc\n") == [Span(2, 3)]


def test_where_lines_only_went_both_sides_of_the_gap_count() -> None:
    assert changed("a\nb\nc\nd\n", "a\n\nd\n") == [Span(1, 3)]


def test_an_unchanged_text_has_no_changed_lines() -> None:
    assert changed("a\nb\n", "a\nb\n") == []


@given(LINES, LINES, LINES)
def test_an_insertion_carries_the_lines_around_it(
    above: list[str], new: list[str], below: list[str]
) -> None:
    """By what the edit says itself, whatever the lines hold."""
    old = [*above, *below]
    origins = [
        *range(1, len(above) + 1),
        *[0] * len(new),
        *range(len(above) + 1, len(old) + 1),
    ]
    lines = LineMap.by_origin(origins, len(old))
    for number in range(1, len(old) + 1):
        moved = lines.line(number)
        assert moved == number + (len(new) if number > len(above) else 0)


def test_a_span_whose_lines_have_gone_is_gone() -> None:
    lines = LineMap.by_diff("a\nb\nc\n", "a\nc\n")
    assert lines.carry(Span(2, 2)) is None
    assert lines.carry(Span(1, 2)) == Span(1, 1)


def test_a_line_that_came_in_between_parts_the_span() -> None:
    lines = LineMap.by_diff("a\nb\n", "a\nx\nb\n")
    assert not lines.kept_together(Span(1, 2))
    assert lines.kept_together(Span(2, 2))


def test_a_formatter_is_followed_by_the_tree() -> None:
    before = "def f(a,\n      b):\n    return g(a, b)\n"
    after = "def f(a, b):\n    return g(\n        a,\n        b,\n    )\n"
    lines = LineMap.by_structure(before, after)
    assert lines.carry(Span(3, 3)) == Span(2, 5)
    assert lines.line(1) == 1


def test_texts_of_different_shape_cannot_be_followed_by_the_tree() -> None:
    with pytest.raises(ValueError, match="zip"):
        LineMap.by_structure("a = 1\n", "a = 1\nb = 2\n")
