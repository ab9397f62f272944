"""A short seed can be searched for, a fresh secret cannot."""

import pytest

from attacks.seeds import public_id, seeds_of
from grader.bank import demo_secret, fresh_secret
from grader.stream import derive


def test_the_id_that_is_derived_cheaply_is_the_exercises_own(pair) -> None:
    for made in pair:
        assert public_id(bytes.fromhex(made.key.secret)) == made.exercise.id


@pytest.mark.parametrize("label", ["exercise/0/0", "demo/0", "bank/0"])
def test_the_search_finds_a_short_seed(label: str) -> None:
    """Otherwise a search that finds nothing would say nothing."""
    wanted = public_id(derive(demo_secret(4_321).value, label))
    assert seeds_of(wanted, range(4_300, 4_400)) == [4_321]


def test_no_short_seed_gives_the_exercise_of_a_fresh_secret() -> None:
    wanted = public_id(derive(fresh_secret().value, "exercise/0/0"))
    assert seeds_of(wanted, range(10_000)) == []


@pytest.mark.slow
def test_no_seed_of_a_million_gives_it_either() -> None:
    wanted = public_id(derive(fresh_secret().value, "exercise/0/0"))
    assert seeds_of(wanted, range(1_000_000)) == []
