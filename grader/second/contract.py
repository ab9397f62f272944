"""What a second reader is asked and may answer.

A second reader looks at comments that are left to a person and names the flaw that it thinks each
is about. What it says is shown to that person beside the evidence, and goes nowhere else.
Packages offer their own by the entry-point group ``grader.second_readers``: a callable that takes
no argument and returns a reader.
"""

from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import NamedTuple, Protocol

from grader.errors import SecondReaderError

GROUP = "grader.second_readers"


class Choice(NamedTuple):
    """A flaw of the key that a comment may be about."""

    item: str
    title: str
    wrong: str


class Asked(NamedTuple):
    """One comment with the code around it and the flaws that it may be about."""

    comment: str
    code: str
    choices: tuple[Choice, ...]


class Suggestion(NamedTuple):
    """The flaw that a comment says (None: none of them), and why, in a sentence."""

    item: str | None
    why: str


class SecondReader(Protocol):
    """Suggests for each comment what it says; None where it has nothing to say."""

    name: str

    def suggest(self, asked: Sequence[Asked]) -> list[Suggestion | None]:
        """Return one suggestion a comment, in order.

        Raises:
            SecondReaderError: if it cannot be asked at all.
        """


def installed(name: str) -> SecondReader:
    """Return the second reader that a package offers under a name.

    Raises:
        SecondReaderError: if there is none; the message names those that there are.
    """
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        there = ", ".join(sorted(found)) or "none"
        raise SecondReaderError(
            f"no second reader is called {name!r} (installed: {there}); give the address of an "
            "OpenAI-compatible server, or install a package that offers it"
        )
    made: SecondReader = found[name].load()()
    return made
