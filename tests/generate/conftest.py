"""A handful of exercises, made once for all tests of this folder."""

import pytest

from grader.generate.build import Made
from grader.generate.exercise import Wish, make_exercise
from grader.scenarios.library import scenario_names
from grader.stream import derive

LEVELS = ("junior", "mid", "senior")


def made_with(number: int, name: str) -> Made:
    wish = Wish(
        scenario=name,
        level=LEVELS[number % 3],  # type: ignore[arg-type]
        formats=("script", "notebook"),
    )
    return make_exercise(derive(b"tests of generating", str(number)), "demo", wish)


@pytest.fixture(scope="session")
def exercises() -> list[Made]:
    """Two exercises of each scenario, over all levels."""
    names = [name for name in scenario_names() for _ in range(2)]
    return [made_with(number, name) for number, name in enumerate(names)]
