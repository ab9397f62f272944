"""Making exercises and publishing them: the exercise here, its key there."""

import secrets
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from grader.avoid import Avoided
from grader.errors import OutputError, PlanError, RunError, SecretError
from grader.files import write_whole
from grader.generate.build import Made
from grader.generate.exercise import Wish, make_exercise
from grader.prove.run import check_runs
from grader.prove.runner import Runner
from grader.proving import prove, with_evidence
from grader.scenarios.library import scenario
from grader.stream import SECRET_BYTES, derive

ATTEMPTS = 20


@dataclass(frozen=True)
class Secret:
    """A master secret and where it came from: ``fresh``, ``file`` or ``demo``."""

    value: bytes
    kind: str


def fresh_secret() -> Secret:
    """Return 256 new bits from the operating system."""
    return Secret(secrets.token_bytes(SECRET_BYTES), "fresh")


def demo_secret(seed: int) -> Secret:
    """Return the secret of a short seed: guessable, so for demonstrations and tests only."""
    return Secret(derive(b"demonstration only", str(seed)), "demo")


def secret_from_file(path: Path) -> Secret:
    """Read a secret of 64 hex digits; a file that is not there is made, readable by its owner.

    Raises:
        SecretError: if the file holds anything else.
    """
    if not path.exists():
        write_whole(path, (secrets.token_hex(SECRET_BYTES) + "\n").encode(), mode=0o600)
    try:
        value = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise SecretError(f"{path}: must hold 64 hex digits; name a new file to get one") from error
    if len(value) != SECRET_BYTES:
        raise SecretError(f"{path}: holds {len(value)} bytes, must hold {SECRET_BYTES} (64 digits)")
    return Secret(value, "file")


def make_many(secret: Secret, wish: Wish, count: int, check: "Check") -> Iterator["Checked"]:
    """Yield ``count`` exercises; each has a sub-secret that tells nothing about the others."""
    for number in range(count):
        yield make_checked(secret, wish, f"exercise/{number}", check)


@dataclass(frozen=True)
class Checked:
    """An exercise that passed its check, and why others before it in line did not."""

    made: Made
    replaced: tuple[str, ...] = ()


class Check(Protocol):
    """Looks at an exercise before it is published."""

    def __call__(self, made: Made) -> Made:
        """Return the exercise, with its evidence if there is some.

        Raises:
            RunError: if it is not fit to be published.
        """


def unchecked(made: Made) -> Made:
    """Return the exercise as it is."""
    return made


def run_check(made: Made) -> Made:
    """Check that the program trains and predicts; nothing is proved."""
    data = next(name for name in made.files if name.startswith("data/"))
    check_runs({**made.files, "program.py": made.key.program.encode()}, data)
    return made


def proof_check(runner: Runner) -> Check:
    """Return the check that proves every flaw and refutes every decoy."""

    def check(made: Made) -> Made:
        outcome = prove(made.key, made.clean, scenario(made.key.scenario), runner, hasty=True)
        if outcome.faults:
            raise RunError("; ".join(outcome.faults))
        return replace(made, key=with_evidence(made.key, outcome.verdicts))

    return check


def unlike_check(avoid: Avoided, check: Check) -> Check:
    """Return the check that first refuses what all but repeats an exercise to avoid.

    What passes is avoided from then on, so exercises of one run do not resemble one another.
    """

    def checked(made: Made) -> Made:
        near = avoid.near(made)
        if near is not None:
            raise RunError(
                f"a near-duplicate of {near.exercise}: {near.share:.0%} of its token runs are "
                "the same"
            )
        passed = check(made)
        avoid.add(passed)
        return passed

    return checked


def make_checked(secret: Secret, wish: Wish, label: str, check: Check) -> Checked:
    """Make one exercise; if it does not pass, the next in line takes its place.

    Raises:
        RunError: if none of the attempts passes.
        PlanError, ScenarioError, CatalogError: as `make_exercise`.
    """

    def make(attempt: int) -> Made:
        return make_exercise(derive(secret.value, f"{label}/{attempt}"), secret.kind, wish)

    return first_fit(make, check)


def first_fit(make: Callable[[int], Made], check: Check) -> Checked:
    """Return the first exercise in line that passes; ``make`` takes its number, from 0.

    Raises:
        RunError: if none of the attempts passes.
        PlanError: if the last one cannot even be planned.
    """
    failures: list[str] = []
    for attempt in range(ATTEMPTS):
        try:
            made = make(attempt)
        except PlanError as error:
            # A variation may leave too little room for a blueprint; what no draw can meet is told.
            if attempt == ATTEMPTS - 1:
                raise
            failures.append(str(error))
            continue
        try:
            return Checked(check(made), tuple(failures))
        except RunError as error:
            failures.append(f"{made.key.scenario}: {error}")
    raise RunError(f"none of {ATTEMPTS} attempts is fit to be published; the last: {failures[-1]}")


def publish(made: Made, exercises: Path, keys: Path) -> None:
    """Write the exercise folder and, apart from it, the key (mode 0600).

    Raises:
        OutputError: if the key would stand under the exercises, or another exercise has the place.
    """
    refuse_key_beside_exercise(exercises, keys)
    home = exercises / made.exercise.id
    record = home / "exercise.json"
    if record.exists() and record.read_bytes() != made.files["exercise.json"]:
        raise OutputError(f"{home}: another exercise stands there; choose another --out")
    for name, data in made.files.items():
        write_whole(home / name, data)
    write_whole(keys / f"{made.exercise.id}.json", made.key.canonical(), mode=0o600)


def refuse_key_beside_exercise(exercises: Path, keys: Path) -> None:
    """Raise OutputError if one folder lies inside the other."""
    shown, hidden = exercises.resolve(), keys.resolve()
    if shown == hidden or shown in hidden.parents:
        raise OutputError(f"{keys}: keys must not lie under the exercises; choose another --keys")
    if hidden in shown.parents:
        raise OutputError(
            f"{keys}: the exercises {exercises} must not lie under the keys, as whoever is given "
            "the folder would have both; choose another --keys"
        )


def tracked_by_git(folder: Path) -> bool:
    """Tell whether keys written to the folder would go into a git commit, or are in one.

    An ignored folder may still hold a key that was added by force or before it was ignored. Where
    git is not there, or refuses the repository (another's, damaged), the keys count as tracked.
    """
    place = folder.resolve()
    if not any((p / ".git").exists() for p in (place, *place.parents)):
        return False
    existing = next(p for p in (place, *place.parents) if p.is_dir())
    try:
        ignored = _git(existing, "check-ignore", "-q", f"{place}/key.json") == 0
        return not ignored or _git(existing, "ls-files", "--error-unmatch", str(place)) == 0
    except OSError:
        return True


def _git(folder: Path, *arguments: str) -> int:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, check=False).returncode


@dataclass(frozen=True)
class BankEntry:
    """One exercise of the committed bank; ``attempt`` is the first of its line that is proved."""

    scenario: str
    level: str
    demo_seed: int
    formats: tuple[str, ...]
    attempt: int = 0

    def made(self) -> Made:
        """Return the exercise as it is before its proofs: the same bytes every time."""
        wish = Wish(scenario=self.scenario, level=self.level, formats=self.formats)  # type: ignore[arg-type]
        secret = demo_secret(self.demo_seed)
        return make_exercise(derive(secret.value, f"bank/{self.attempt}"), secret.kind, wish)


def bank_recipe() -> list[BankEntry]:
    """Return the recipe of the committed bank (``bank.toml``)."""
    import tomllib

    table = tomllib.loads(files("grader").joinpath("bank.toml").read_text("utf-8"))
    return [
        BankEntry(
            e["scenario"], e["level"], e["demo_seed"], tuple(e["formats"]), e.get("attempt", 0)
        )
        for e in table["exercise"]
    ]


def make_bank(check: Check) -> Iterator[Made]:
    """Yield the exercises of the bank, in the order of the recipe.

    Raises:
        RunError: if one does not pass; its ``attempt`` in the recipe must be raised then.
    """
    for entry in bank_recipe():
        yield check(entry.made())
