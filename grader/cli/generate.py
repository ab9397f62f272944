"""``grader generate``: fresh exercises and their keys."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from grader.cli.forms import Asked, Orders, form_options, refuse_together
from grader.cli.show import harmless

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack

    from grader.avoid import Avoided
    from grader.bank import Check, Secret
    from grader.cli.forms import Told

LEVELS = click.Choice(["junior", "mid", "senior"])
FORMATS = {"script": ("script",), "notebook": ("notebook",), "both": ("script", "notebook")}


class _Line(NamedTuple):
    """What is told of one exercise; its key is not kept, as there may be thousands."""

    row: dict[str, object]
    commitment: str
    replaced: tuple[str, ...]
    unmet: tuple[str, ...]


@click.command(
    epilog="Example: grader generate --scenario churn --level mid --count 2 --format both "
    "--out exercises --keys keys"
)
@click.option("--scenario", show_default="any", help="A scenario's name, or any.")
@click.option("--level", type=LEVELS, show_default="mid")
@click.option("--count", type=click.IntRange(1, 10_000), show_default="1")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    help="By default the script; both if the scenario was written as a notebook.",
)
@click.option("--include", multiple=True, metavar="KIND", help="A kind of flaw that must be there.")
@click.option("--exclude", multiple=True, metavar="KIND", help="A kind that must not be there.")
@click.option("--minutes", type=click.IntRange(5, 480), default=45, show_default=True)
@click.option(
    "--secret-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="F",
    help="Take the secret from F (64 hex digits; made if it is not there).",
)
@click.option("--demo-seed", type=int, help="A short seed; guessable, never for real candidates.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="EXERCISES",
    help="Folder for what candidates receive.",
)
@click.option(
    "--keys",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="KEYS",
    help="Folder for the answer keys; keep it private.",
)
@click.option(
    "--avoid",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of exercises that no new one may all but repeat.",
)
@click.option(
    "--prove/--no-prove",
    default=None,
    help="Prove every claim of the key, or replace the exercise; the default. Without, the program "
    "is only run, and the key says that it is unproved.",
)
@click.option("--no-run", is_flag=True, help="Publish without running or proving anything.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@form_options
def generate(
    scenario: str | None,
    level: str | None,
    count: int | None,
    form: str | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    minutes: int,
    secret_file: Path | None,
    demo_seed: int | None,
    out: Path,
    keys: Path,
    avoid: Path | None,
    prove: bool | None,
    no_run: bool,
    as_json: bool,
    **others: Any,
) -> None:
    """Make exercises: a messy program with seeded flaws, its brief, its data, and a private key.

    Each program is run and its key proved before it is published: every flaw is shown by running
    the program beside its clean twin, every decoy is shown to be sound, and nothing else is
    found. An exercise that does not pass is replaced by the next of its line; so is one that all
    but repeats an exercise of --avoid.
    """
    from grader import bank
    from grader.avoid import avoided
    from grader.cli.show import print_json
    from grader.generate.blueprint import load_blueprint
    from grader.generate.exercise import Wish

    asked = Asked(**others)
    refuse_together(
        asked,
        {
            "--scenario": scenario is not None,
            "--level": level is not None,
            "--count": count is not None,
            "--format": form is not None,
            "--secret-file": secret_file is not None,
            "--demo-seed": demo_seed is not None,
            "--prove": prove is True,
            "--no-run": no_run,
        },
    )
    bank.refuse_key_beside_exercise(out, keys)
    blueprint = load_blueprint(asked.blueprint) if asked.blueprint else None
    formats = FORMATS[form] if form else ()
    level = blueprint.level if blueprint else level or "mid"
    wish = Wish(scenario or "any", level, formats, minutes, include, exclude, blueprint)  # type: ignore[arg-type]
    orders = Orders(asked, wish, count or 1, out, keys)
    unlike = avoided(avoid) if avoid is not None else None
    secret = _secret(secret_file, demo_seed)
    done = _make(orders, secret, prove is not False and not no_run, no_run, unlike)
    if as_json:
        print_json(_as_json(done, out, keys, secret))
    else:
        _tell(done, out, keys, bool(asked.candidates))


def _make(
    orders: Orders, secret: "Secret", prove: bool, no_run: bool, unlike: "Avoided | None"
) -> list[_Line]:
    """Make, check and publish everything that is ordered."""
    from contextlib import ExitStack

    from grader.cli.show import progress

    with ExitStack() as open_until_done:
        check = orders.check(lambda: _check(no_run, prove, open_until_done), unlike)
        made = progress(orders.made(secret, check, prove), orders.count, "making")
        return [_line(told) for told in made]


def _as_json(done: "Sequence[_Line]", out: Path, keys: Path, secret: "Secret") -> dict[str, object]:
    """Return what was made, as it is printed for a program."""
    return {
        "exercises": [one.row | {"commitment": one.commitment} for one in done],
        "out": str(out),
        "keys": str(keys),
        "secret": secret.kind,
        "replaced": [why for one in done for why in one.replaced],
        "blueprint not kept": _unmet(done),
    }


def _tell(done: "Sequence[_Line]", out: Path, keys: Path, for_people: bool) -> None:
    """Print what was made, and what is to be known of it."""
    from grader import bank
    from grader.cli.show import table

    table([one.row for one in done])
    click.echo(f"Exercises for candidates: {out}/   Answer keys, private: {keys}/")
    if for_people:
        click.echo(f"Who has which exercise, private: {keys}/assignments.csv")
    if unmet := _unmet(done):
        click.echo("Not as the blueprint says, so not to be compared with other forms of it:")
        for line in unmet:
            click.echo(f"  {harmless(line)}")
    if replaced := [why for one in done for why in one.replaced]:
        click.echo(f"Replaced before publishing, as unfit: {len(replaced)}. The last:")
        click.echo(f"  {harmless(replaced[-1])[:300]}")
    if bank.tracked_by_git(keys):
        click.echo(
            f"Warning: {keys} is inside a git repository and not ignored, or git cannot tell; "
            "a commit would publish the keys.",
            err=True,
        )


def _unmet(done: "Sequence[_Line]") -> list[str]:
    """Return where forms differ from their blueprint."""
    return [count for one in done for count in one.unmet]


def _check(no_run: bool, prove: bool, until: "ExitStack") -> "Check":
    """Return what is done with an exercise before it is published."""
    from grader import bank

    if no_run or not prove:
        return bank.unchecked if no_run else bank.run_check
    from grader.prove.runner import Runner

    return bank.proof_check(until.enter_context(Runner()))


def _secret(file: Path | None, demo_seed: int | None) -> "Secret":
    """Return the secret that the options ask for: of a file, of a short seed, or a fresh one."""
    from grader import bank
    from grader.errors import PlanError

    if file is not None and demo_seed is not None:
        raise PlanError("give --secret-file or --demo-seed, not both")
    if file is not None:
        return bank.secret_from_file(file)
    return bank.fresh_secret() if demo_seed is None else bank.demo_secret(demo_seed)


def _line(told: "Told") -> _Line:
    """Return what is told about one exercise."""
    from grader.commitment import commitment

    key = told.key
    row = told.first | {
        "exercise": key.exercise,
        "scenario": key.scenario,
        "level": key.level,
        "lines": key.program.count("\n"),
        "flaws": len(key.items),
        "decoys": len(key.decoys),
        "proved": sum(
            proof.status == "proved"
            for proof in (*(i.proof for i in key.items), *(d.proof for d in key.decoys))
        ),
    }
    unmet = tuple(f"{key.exercise}: {count}" for count in told.unmet)
    return _Line(row, commitment(key), told.replaced, unmet)
