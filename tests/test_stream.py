"""The keyed stream: fully given by secret and label, and even."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.stream import Stream, derive

SECRET = bytes(range(32))


def test_the_first_words_are_those_of_every_machine() -> None:
    """A change here would remake every exercise differently."""
    stream = Stream(SECRET, "pin")
    assert [stream.below(2**32) for _ in range(3)] == [1876688384, 3013808061, 4192424456]


@given(st.integers(1, 2**32), st.text(max_size=5))
def test_a_choice_below_n_is_below_n(n: int, label: str) -> None:
    assert 0 <= Stream(SECRET, label).below(n) < n


def test_labels_are_independent() -> None:
    a = [Stream(SECRET, "a").below(2**32) for _ in range(4)]
    b = [Stream(SECRET, "b").below(2**32) for _ in range(4)]
    assert a != b


def test_a_sub_secret_differs_by_label_and_by_parent() -> None:
    assert len({derive(SECRET, "1"), derive(SECRET, "2"), derive(bytes(32), "1")}) == 3


@given(st.lists(st.integers(), max_size=20))
def test_shuffling_keeps_the_items(items: list[int]) -> None:
    assert Counter(Stream(SECRET, "s").shuffled(items)) == Counter(items)


def test_choices_are_even() -> None:
    """6,000 throws: each face 1,000 +- 5 standard deviations of 29."""
    stream = Stream(SECRET, "dice")
    counts = Counter(stream.below(6) for _ in range(6000))
    assert all(abs(count - 1000) < 145 for count in counts.values())


def test_weights_of_zero_are_never_drawn() -> None:
    stream = Stream(SECRET, "w")
    assert {stream.weighted("abc", (0, 3, 0)) for _ in range(50)} == {"b"}


@pytest.mark.parametrize("n", [0, -1, 2**32 + 1])
def test_an_impossible_range_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="must be in"):
        Stream(SECRET, "x").below(n)
