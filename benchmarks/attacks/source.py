"""The attacker with the full source: knows the clean program, every seeder and every decoy.

Of each scenario it writes the clean program in many of its varied ways, and into some of them it
sows every kind and every decoy at every site. A statement of the published program is taken for
flawed if a kind writes it, and neither a clean program nor a decoy does. Statements are compared
in a form that renaming and layout do not touch. Where a kind only takes something away, the two
statements that then meet are its mark.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from attacks.exercises import Target
from attacks.forms import Form, forms
from attacks.score import Guess
from grader import catalog
from grader.generate.vary.vary import varied
from grader.scenarios.library import scenario, scenario_names
from grader.stream import Stream, derive
from seeded_bugs.contract import SeededBug, SeededDecoy, sow
from seeded_bugs.syntax.whole import parse

ALL = ("main", "trace", "support")


@dataclass(frozen=True)
class Marks:
    """What tells a flaw in one scenario: statements, and pairs of statements that meet."""

    statements: frozenset[str]
    meetings: frozenset[tuple[str, str]]


def guesses(target: Target, ways: int, sown: int) -> list[Guess]:
    """Return the statements that the attacker takes for flawed.

    Args:
        target: the published program; its key is not looked at.
        ways: how many varied clean programs the attacker compares with.
        sown: into how many of them it sows everything.
    """
    return _marked(target, marks_of(target.scenario, ways, sown))


def guesses_from_others(target: Target, ways: int, sown: int) -> list[Guess]:
    """Return the same for an attacker who has never seen this scenario: a team's private one.

    It knows what the kinds write into all other scenarios, and what is sound there.
    """
    return _marked(target, _marks_elsewhere(target.scenario, ways, sown))


def _marked(target: Target, marks: Marks) -> list[Guess]:
    found = forms(target.program)
    flagged = [(f.start, f.end) for f in found if f.text in marks.statements]
    flagged += [(b.start, b.end) for a, b in pairwise(found) if (a.text, b.text) in marks.meetings]
    return flagged


@lru_cache(maxsize=32)
def _marks_elsewhere(name: str, ways: int, sown: int) -> Marks:
    others = [marks_of(other, ways, sown) for other in scenario_names() if other != name]
    return Marks(
        frozenset().union(*(m.statements for m in others)),
        frozenset().union(*(m.meetings for m in others)),
    )


@lru_cache(maxsize=32)
def marks_of(name: str, ways: int, sown: int) -> Marks:
    """Return the marks of every kind in one scenario."""
    folder = scenario(name)
    programs = [folder.program] + [
        varied(folder.program, folder.variants, Stream(derive(b"attacker", str(n)), "vary"))
        for n in range(ways)
    ]
    clean = _seen(programs)
    flawed, sound = Marks(frozenset(), frozenset()), clean
    for program in programs[:sown]:
        flawed = _both(flawed, _written(program, list(catalog.bugs().values()), clean))
        sound = _both(sound, _written(program, list(catalog.decoys().values()), clean))
    return Marks(flawed.statements - sound.statements, flawed.meetings - sound.meetings)


def _written(
    program: str, kinds: Sequence[SeededBug] | Sequence[SeededDecoy], clean: Marks
) -> Marks:
    """Return what the kinds write that no clean program says."""
    statements: set[str] = set()
    meetings: set[tuple[str, str]] = set()
    for text in _sown(program, kinds):
        new = _seen([text])
        fresh = new.statements - clean.statements
        statements |= fresh
        if not fresh:
            meetings |= new.meetings - clean.meetings
    return Marks(frozenset(statements), frozenset(meetings))


def _sown(program: str, kinds: Sequence[SeededBug] | Sequence[SeededDecoy]) -> Iterator[str]:
    module = parse(program)
    for kind in kinds:
        for site in kind.find(module):
            yield sow(module, site, ALL).code  # type: ignore[arg-type]


def _seen(programs: Sequence[str]) -> Marks:
    lists: list[list[Form]] = [forms(program) for program in programs]
    return Marks(
        frozenset(f.text for found in lists for f in found),
        frozenset((a.text, b.text) for found in lists for a, b in pairwise(found)),
    )


def _both(a: Marks, b: Marks) -> Marks:
    return Marks(a.statements | b.statements, a.meetings | b.meetings)
