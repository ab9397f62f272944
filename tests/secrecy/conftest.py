"""Two exercises of different scenarios, made once for all tests of this folder."""

import pytest

from attacks.exercises import made
from grader.generate.build import Made


@pytest.fixture(scope="session")
def pair() -> tuple[Made, Made]:
    """An exercise of the first scenario and one of the second, as script and notebook."""
    formats = ("script", "notebook")
    return made(0, formats), made(1, formats)
