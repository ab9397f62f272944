"""A form for each person of a list, and a private note of who has which.

Each person's exercise has a secret of its own, derived from the master secret and the person's id.
So the list may grow, shrink and change its order, and everybody keeps the exercise that was made.
The note lies with the keys; nothing of a person is written to an exercise.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from grader.avoid import Avoided
from grader.bank import ATTEMPTS, Check, Secret, make_checked, publish
from grader.errors import PeopleError, RunError
from grader.files import write_whole
from grader.generate.build import Made
from grader.generate.exercise import Wish, make_exercise
from grader.people import Assignment, Person, assignments_csv, read_assignments
from grader.records.key import AnswerKey, KeyDecoy, KeyItem
from grader.stream import derive

T = TypeVar("T", KeyItem, KeyDecoy)
NOTE = "assignments.csv"
LABEL = "exercise"
BARE = {"status": "unproved", "evidence": ""}


@dataclass(frozen=True)
class Given:
    """A person's exercise, why others in its place were not fit, and whether it stood already."""

    person: Person
    key: AnswerKey
    replaced: tuple[str, ...] = ()
    kept: bool = False


@dataclass(frozen=True)
class Places:
    """Where exercises and keys go."""

    exercises: Path
    keys: Path

    @property
    def note(self) -> Path:
        """Return the file of who has which exercise."""
        return self.keys / NOTE


def give(
    secret: Secret,
    wish: Wish,
    people: Sequence[Person],
    places: Places,
    check: Check,
    proved: bool = False,
) -> Iterator[Given]:
    """Make and publish the exercise of each person; yield it once the note of it is written.

    An exercise that stands already, and is the one that would be made, is kept with its key and
    not checked again; if it must be ``proved``, only if its key was proved.

    Raises:
        PeopleError: if the note gives a person another exercise than would be made.
        RunError, PlanError, ScenarioError, CatalogError, OutputError: as `make_checked`, `publish`.
    """
    noted = {one.person.same: one for one in read_assignments(places.note)}
    left = dict(noted)
    for person in people:
        left.pop(person.same, None)
    done: list[Assignment] = []
    for number, person in enumerate(people):
        own, before = own_secret(secret, person), noted.get(person.same)
        kept = _kept(own, wish, before, places, proved) if before else None
        if kept is not None:
            given = Given(person, kept, kept=True)
        else:
            given = _given(own, wish, person, before, places, check)
        done.append(Assignment(person, given.key.exercise, f"{given.key.exercise}.json"))
        later = (noted[p.same] for p in people[number + 1 :] if p.same in noted)
        write_whole(places.note, assignments_csv([*done, *later, *left.values()]), mode=0o600)
        yield given


def unlike_others(avoid: Avoided, check: Check) -> Check:
    """Return the check that first refuses what all but repeats an exercise to avoid.

    What passes is not avoided from then on: nobody's exercise may depend on another person's.
    """

    def checked(made: Made) -> Made:
        near = avoid.near(made)
        if near is not None and near.exercise != made.exercise.id:
            raise RunError(f"a near-duplicate of {near.exercise} ({near.share:.0%} the same)")
        return check(made)

    return checked


def own_secret(secret: Secret, person: Person) -> Secret:
    """Return the secret of one person; it tells nothing about those of others."""
    return Secret(derive(secret.value, f"person/{person.same}"), secret.kind)


def _given(
    own: Secret,
    wish: Wish,
    person: Person,
    noted: Assignment | None,
    places: Places,
    check: Check,
) -> Given:
    """Make and publish the exercise of a person."""
    checked = make_checked(own, wish, LABEL, check)
    if noted and noted.exercise != checked.made.exercise.id:
        raise _differs(noted, places)
    publish(checked.made, places.exercises, places.keys)
    return Given(person, checked.made.key, checked.replaced)


def _kept(
    own: Secret, wish: Wish, noted: Assignment, places: Places, proved: bool
) -> AnswerKey | None:
    """Return the key of the exercise that stands; None if it must be made again.

    Raises:
        PeopleError: if another would be made.
    """
    file = places.keys / noted.key
    try:
        key = AnswerKey.model_validate_json(file.read_bytes())
    except (OSError, ValueError):
        return None
    if proved and not any(item.proof.status == "proved" for item in key.items):
        return None
    secrets = (derive(own.value, f"{LABEL}/{attempt}") for attempt in range(ATTEMPTS))
    secret = next((s for s in secrets if s.hex() == key.secret), None)
    if secret is None:
        raise _differs(noted, places)
    made = make_exercise(secret, own.kind, wish)
    if _bare(made.key) != _bare(key):
        raise _differs(noted, places)
    home = places.exercises / key.exercise
    try:
        whole = all((home / name).read_bytes() == data for name, data in made.files.items())
    except OSError:
        whole = False
    if not whole:
        publish(made, places.exercises, places.keys)
        write_whole(file, key.canonical(), mode=0o600)
    return key


def _bare(key: AnswerKey) -> AnswerKey:
    """Return a key without what running the program has shown."""
    return key.model_copy(update={"items": _unproved(key.items), "decoys": _unproved(key.decoys)})


def _unproved(entries: Sequence[T]) -> tuple[T, ...]:
    claims = (entry.proof.model_copy(update=BARE) for entry in entries)
    pairs = zip(entries, claims, strict=True)
    return tuple(entry.model_copy(update={"proof": claim}) for entry, claim in pairs)


def _differs(noted: Assignment, places: Places) -> PeopleError:
    return PeopleError(
        f"{places.note}: {noted.person.id} has exercise {noted.exercise}, and another would be "
        "made now; give the same secret file, options and version, or another --keys folder"
    )
