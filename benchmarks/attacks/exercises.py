"""Exercises to attack: made by rule, and kept in a file so that a longer run goes on from it."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from grader.errors import PlanError
from grader.generate.build import Made
from grader.generate.exercise import Wish, make_exercise
from grader.records.key import AnswerKey, KeyDecoy, KeyItem
from grader.scenarios.library import scenario_names
from grader.stream import derive

_ATTEMPTS = 5
LEVELS = ("junior", "mid", "senior")


@dataclass(frozen=True)
class Target:
    """A published program, and what its key says: the lines of each flaw and of each decoy."""

    scenario: str
    program: str
    flaws: list[list[int]]
    decoys: list[list[int]]
    kinds: list[str]

    @cached_property
    def flawed(self) -> frozenset[int]:
        """The lines that belong to flaws."""
        return frozenset(line for lines in self.flaws for line in lines)

    @cached_property
    def lures(self) -> frozenset[int]:
        """The lines that belong to decoys."""
        return frozenset(line for lines in self.decoys for line in lines)


def made(number: int, formats: tuple[str, ...] = ()) -> Made:
    """Return the exercise of a number: scenarios in turn, then levels in turn.

    Where no draw keeps the blueprint the next in line takes its place.
    """
    names = scenario_names()
    turn, place = divmod(number, len(names))
    wish = Wish(scenario=names[place], level=LEVELS[turn % 3], formats=formats)  # type: ignore[arg-type]
    for attempt in range(_ATTEMPTS):
        secret = derive(b"attacked exercises", f"{number}/{attempt}" if attempt else str(number))
        with suppress(PlanError):
            return make_exercise(secret, "demo", wish)
    raise PlanError(f"exercise {number}: none of {_ATTEMPTS} draws keeps its blueprint")


def target_of(key: AnswerKey) -> Target:
    """Return an exercise as the attacks see it."""
    return Target(
        key.scenario,
        key.program,
        [_lines(item) for item in key.items],
        [_lines(decoy) for decoy in key.decoys],
        [item.kind for item in key.items],
    )


def targets(count: int, cache: Path) -> Iterator[Target]:
    """Yield ``count`` exercises: those of the file first, and those that are then added to it."""
    known = cache.read_text("utf-8").splitlines() if cache.exists() else []
    for line in known[:count]:
        yield Target(**json.loads(line))
    with cache.open("a", encoding="utf-8") as file:
        for number in range(len(known), count):
            fresh = target_of(made(number).key)
            file.write(json.dumps(asdict(fresh)) + "\n")
            file.flush()
            yield fresh


def _lines(owner: KeyItem | KeyDecoy) -> list[int]:
    """Return the lines that are its own; landmarks belong to nobody."""
    spans = [place.lines for place in owner.places if place.role != "landmark"]
    return sorted({line for span in spans for line in range(span.start, span.end + 1)})
