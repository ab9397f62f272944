"""What ``grader generate`` makes beside plain exercises: forms for people, and of own scripts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli.show import harmless

if TYPE_CHECKING:
    from grader.avoid import Avoided
    from grader.bank import Check, Secret
    from grader.generate.exercise import Wish
    from grader.own_program import OwnProgram
    from grader.people import Person
    from grader.records.key import AnswerKey

_FILE = click.Path(dir_okay=False, path_type=Path)
_OPTIONS = (
    click.option(
        "--blueprint",
        type=_FILE,
        metavar="TOML",
        help="A blueprint of your own, in the place of the level's (`grader catalog --blueprints` "
        "shows where those are).",
    ),
    click.option(
        "--candidates",
        type=_FILE,
        metavar="CSV",
        help="Make each person of a list (column id or email) a form of the same blueprint; who "
        "has which is noted in KEYS/assignments.csv.",
    ),
    click.option(
        "--program", type=_FILE, metavar="PY", help="Sow into a clean script of your own."
    ),
    click.option(
        "--data-command",
        metavar="COMMAND",
        help="How your script is run, such as 'python train.py --data d.csv'.",
    ),
    click.option(
        "--data-file",
        type=_FILE,
        multiple=True,
        metavar="F",
        help="A file that your script reads; candidates receive it. May be repeated.",
    ),
    click.option(
        "--brief",
        type=_FILE,
        metavar="MD",
        help="The brief of your script; by default its docstring.",
    ),
)


@dataclass(frozen=True)
class Asked:
    """The options about forms, as given."""

    blueprint: Path | None
    candidates: Path | None
    program: Path | None
    data_command: str | None
    data_file: tuple[Path, ...]
    brief: Path | None


@dataclass(frozen=True)
class Told:
    """What is told about one exercise: its key, whose it is, and what is to be known of it."""

    key: "AnswerKey"
    whose: str | None = None
    replaced: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    kept: bool = False

    @property
    def first(self) -> dict[str, object]:
        """Return the columns that stand before those of every exercise."""
        return {} if self.whose is None else {"id": self.whose, "stood already": self.kept}


def form_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options about forms to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def refuse_together(asked: Asked, given: dict[str, bool]) -> None:
    """Refuse options that exclude each other, all at once.

    Args:
        given: for each option of the command, by its name, whether it was given.

    Raises:
        PlanError: naming each pair.
    """
    from grader.errors import PlanError

    given = given | {
        "--blueprint": asked.blueprint is not None,
        "--candidates": asked.candidates is not None,
        "--program": asked.program is not None,
        "--data-command": asked.data_command is not None,
        "--data-file": bool(asked.data_file),
        "--brief": asked.brief is not None,
    }
    faults = [
        f"{a} cannot stand beside {b}: {because}"
        for a, b, because in _APART
        if given[a] and given[b]
    ]
    faults += [
        f"{a} needs {b}: {because}" for a, b, because in _NEEDED if given[a] and not given[b]
    ]
    if given["--candidates"] and not (given["--secret-file"] or given["--demo-seed"]):
        faults.append(
            "--candidates needs --secret-file: with it the list can grow, and a run be continued; "
            "a file that is not there is made"
        )
    if faults:
        raise PlanError("\n".join(["these options do not fit", *(f"  {f}" for f in faults)]))


_APART = (
    ("--candidates", "--count", "each person gets one exercise"),
    ("--level", "--blueprint", "a blueprint names its level"),
    ("--program", "--candidates", "forms of one script would give each other away"),
    ("--program", "--scenario", "the script is the scenario"),
    ("--program", "--prove", "the proofs need data that can be made anew"),
    ("--program", "--format", "an own script is published as a script"),
    ("--program", "--no-run", "a sown script is published only once it has run"),
)
_NEEDED = (
    ("--program", "--data-command", "the script is run before and after sowing"),
    ("--data-command", "--program", "it runs an own script"),
    ("--data-file", "--program", "it lies beside an own script"),
    ("--brief", "--program", "a scenario has a brief"),
)


class Orders:
    """What is to be made, with all files that say so read before anything is made.

    Raises:
        PeopleError, ProgramError: if one of them cannot be used.
    """

    def __init__(self, asked: Asked, wish: "Wish", count: int, out: Path, keys: Path) -> None:
        self._wish, self._out, self._keys = wish, out, keys
        self._people: tuple[Person, ...] = ()
        self._own: OwnProgram | None = None
        if asked.candidates is not None:
            from grader.people import read_people

            self._people = read_people(asked.candidates)
        if asked.program is not None:
            from grader.own_program import read_own

            command = asked.data_command or ""
            self._own = read_own(asked.program, command, asked.data_file, asked.brief)
            for line in self._own.ground.stumbled:
                click.echo(f"Left out, a fault of the kind to report: {harmless(line)}", err=True)
        self.count = len(self._people) or count

    def check(self, usual: "Callable[[], Check]", avoid: "Avoided | None") -> "Check":
        """Return what is done with an exercise before it is published."""
        from grader.bank import unlike_check
        from grader.candidates import unlike_others
        from grader.own_program import runs

        check = runs(self._own) if self._own else usual()
        if avoid is None:
            return check
        return unlike_others(avoid, check) if self._people else unlike_check(avoid, check)

    def made(self, secret: "Secret", check: "Check", prove: bool) -> "Iterator[Told]":
        """Make and publish one exercise after another."""
        if self._own:
            return self._of_own(self._own, secret, check)
        return (
            self._for_people(secret, check, prove) if self._people else self._plain(secret, check)
        )

    def _for_people(self, secret: "Secret", check: "Check", prove: bool) -> "Iterator[Told]":
        from grader.candidates import Places, give

        places = Places(self._out, self._keys)
        for given in give(secret, self._wish, self._people, places, check, prove):
            yield Told(given.key, given.person.id, given.replaced, kept=given.kept)

    def _of_own(self, own: "OwnProgram", secret: "Secret", check: "Check") -> "Iterator[Told]":
        from grader.bank import publish
        from grader.own_program import make_own

        for number in range(self.count):
            made = make_own(secret, own, self._wish, f"exercise/{number}", check)
            publish(made.checked.made, self._out, self._keys)
            yield Told(made.checked.made.key, replaced=made.checked.replaced, unmet=made.unmet)

    def _plain(self, secret: "Secret", check: "Check") -> "Iterator[Told]":
        from grader.bank import make_many, publish

        for checked in make_many(secret, self._wish, self.count, check):
            publish(checked.made, self._out, self._keys)
            yield Told(checked.made.key, replaced=checked.replaced)
