"""Where a score may lie."""

from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.score.interval import effective_items, ends, if_open_comments_hold, wilson
from grader.score.tally import Entry, Noise

QUIET = Noise(0, 0, 0, 4)
shares = st.fractions(0, 1, max_denominator=1000)


def form(*weights, credit=0):
    return [Entry(weight, credit, 1000) for weight in weights]


def test_flaws_of_equal_weight_count_as_they_are():
    assert effective_items(form(3, 3, 3, 3)) == 4


def test_one_heavy_flaw_makes_the_others_count_less():
    assert effective_items(form(5, 1, 1)) == Fraction(49, 27)


@given(shares, st.integers(1, 40), st.integers(0, 3000))
def test_the_interval_is_wilsons(share, items, z):
    found = wilson(share, Fraction(items), Fraction(z, 1000))
    p, n, k = float(share), items, z / 1000
    half = k * sqrt(p * (1 - p) / n + k * k / (4 * n * n))
    centre = p + k * k / (2 * n)
    assert float(found.low) == pytest.approx((centre - half) / (1 + k * k / n), abs=1e-7)
    assert float(found.high) == pytest.approx((centre + half) / (1 + k * k / n), abs=1e-7)


@given(shares, st.integers(1, 40), st.integers(0, 3000))
def test_a_share_lies_in_its_interval(share, items, z):
    low, high = wilson(share, Fraction(items), Fraction(z, 1000))
    assert 0 <= low <= share <= high <= 1


def test_all_of_few_flaws_is_less_certain_than_all_of_many(rubric):
    few = ends(form(*[3] * 4, credit=1000), QUIET, rubric)
    many = ends(form(*[3] * 20, credit=1000), QUIET, rubric)
    assert few.low < many.low


def test_the_difficulty_of_the_form_is_in_every_interval(rubric):
    exact = rubric.model_copy(
        update={"interval": rubric.interval.model_copy(update={"z": 0})}, deep=True
    )
    half = [*form(3, credit=1000), *form(3)]
    assert ends(half, QUIET, exact) == (70_000 - 3_000, 70_000 + 3_000)


def test_undecided_comments_lift_the_high_end_and_never_the_low(judge, scored, flaw):
    flaws = [flaw(credit=1000), flaw(), flaw(), flaw()]
    closed, opened = scored(judge(flaws)), scored(judge(flaws, {"undecided": 1}))
    assert opened.interval.high > closed.interval.high
    assert opened.interval.low == closed.interval.low


def test_an_undecided_comment_is_taken_for_the_flaw_that_adds_most(rubric):
    opened = if_open_comments_hold(form(1, 5, 3), undecided=1, unlisted=0, rubric=rubric)
    assert [entry.credit for entry in opened] == [0, 1000, 0]


def test_open_comments_are_counted_up_to_a_limit(rubric):
    opened = if_open_comments_hold(form(*[3] * 9), undecided=99, unlisted=99, rubric=rubric)
    assert sum(entry.credit == 1000 for entry in opened) == 5 + 3
