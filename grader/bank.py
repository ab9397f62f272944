"""Making exercises and publishing them: the exercise here, its key there."""

import secrets
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from grader.avoid import Avoided
from grader.errors import OutputError, PlanError, RunError, SecretError
from grader.files import write_whole
from grader.generate.build import Made
from grader.generate.exercise import Wish, make_exercise
from grader.prove.run import check_runs
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


def make_many(
    secret: Secret,
    wish: Wish,
    count: int,
    check: bool,
    avoid: Avoided | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[Made]:
    """Yield ``count`` exercises; each has a sub-secret that tells nothing about the others.

    Args:
        avoid: exercises that none may resemble; what is made here is added, so that those of one
            run do not resemble one another either.
        tell: hears of every exercise that was left because it was too like another.
    """
    for number in range(count):
        made = make_unlike(secret, wish, f"exercise/{number}", check, avoid, tell)
        if avoid is not None:
            avoid.add(made)
        yield made


def make_unlike(
    secret: Secret,
    wish: Wish,
    label: str,
    check: bool,
    avoid: Avoided | None,
    tell: Callable[[str], None],
) -> Made:
    """Make one exercise that resembles none of those to avoid; the next in line after each one.

    Raises:
        PlanError: if every attempt resembles one; and as `make_checked`.
    """
    for attempt in range(ATTEMPTS):
        made = make_checked(secret, wish, f"{label}/unlike/{attempt}" if attempt else label, check)
        near = avoid.near(made) if avoid is not None else None
        if near is None:
            return made
        tell(
            f"a near-duplicate of {near.exercise} was left "
            f"({near.share:.0%} of its token runs are the same); drawing the next"
        )
    raise PlanError(
        f"all of {ATTEMPTS} attempts are near-duplicates of exercises to avoid; "
        "choose another scenario or level, or a smaller --avoid folder"
    )


def make_checked(secret: Secret, wish: Wish, label: str, check: bool) -> Made:
    """Make one exercise; if its program does not run, the next in line takes its place.

    Raises:
        RunError: if none of the attempts gives a program that runs.
        PlanError, ScenarioError, CatalogError: as `make_exercise`.
    """
    failures = []
    for attempt in range(ATTEMPTS):
        made = make_exercise(derive(secret.value, f"{label}/{attempt}"), secret.kind, wish)
        if not check:
            return made
        data = next(name for name in made.files if name.startswith("data/"))
        try:
            check_runs({**made.files, "program.py": made.key.program.encode()}, data)
        except RunError as error:
            failures.append(f"{made.key.scenario}: {error}")
            continue
        return made
    raise RunError(f"no program of {ATTEMPTS} attempts runs; the last: {failures[-1]}")


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
    outer, inner = exercises.resolve(), keys.resolve()
    if outer == inner or outer in inner.parents:
        raise OutputError(f"{keys}: keys must not lie under the exercises; choose another --keys")


def tracked_by_git(folder: Path) -> bool:
    """Tell whether files written to the folder would go into a git commit."""
    existing = next((p for p in (folder, *folder.parents) if p.exists()), Path())
    try:
        inside = _git(existing, "rev-parse", "--is-inside-work-tree") == 0
        return inside and _git(existing, "check-ignore", "-q", str(folder.resolve())) != 0
    except OSError:
        return False


def _git(folder: Path, *arguments: str) -> int:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, check=False).returncode


@dataclass(frozen=True)
class BankEntry:
    """One exercise of the committed bank."""

    scenario: str
    level: str
    demo_seed: int
    formats: tuple[str, ...]


def bank_recipe() -> list[BankEntry]:
    """Return the recipe of the committed bank (``bank.toml``)."""
    import tomllib

    table = tomllib.loads(files("grader").joinpath("bank.toml").read_text("utf-8"))
    return [
        BankEntry(e["scenario"], e["level"], e["demo_seed"], tuple(e["formats"]))
        for e in table["exercise"]
    ]


def make_bank() -> Iterator[Made]:
    """Yield the exercises of the bank, in the order of the recipe."""
    for entry in bank_recipe():
        wish = Wish(scenario=entry.scenario, level=entry.level, formats=entry.formats)  # type: ignore[arg-type]
        yield make_checked(demo_secret(entry.demo_seed), wish, "bank", check=True)
