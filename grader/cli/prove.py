"""``grader prove``: the proofs of answer keys, run again."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.proving import Outcome
    from grader.records.key import AnswerKey


@click.command(epilog="Example: grader prove keys/*.json --exercises exercises")
@click.argument("keys", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="KEY...")
@click.option(
    "--exercises",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="Folder of the published exercises; each must be the one of its key.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def prove(context: click.Context, keys: tuple[Path, ...], exercises: Path, as_json: bool) -> None:
    """Run the proofs of answer keys again and print what was seen.

    Each flaw must show in the published program, at its lines and beside all others, and not in
    the clean twin; each decoy must be sound; and nothing may be found beside the key. Exit code 1
    if a key does not hold.
    """
    from grader.cli.show import print_json, progress, table
    from grader.keyring import read_key
    from grader.prove.runner import Runner
    from grader.proving import reproved

    read = [(path, read_key(path)) for path in keys]
    results: list[tuple[AnswerKey, Outcome]] = []
    with Runner() as runner:
        for _, key in progress(read, len(read), "proving"):
            results.append((key, reproved(key, exercises, runner)))
    if as_json:
        print_json({"exercises": [_told(key, outcome) for key, outcome in results]})
    else:
        for key, outcome in results:
            click.echo(f"\n{key.exercise}  {key.title}")
            table([_row(v) for v in _told(key, outcome)["verdicts"]])  # type: ignore[attr-defined]
            for told in {v.promised: None for v in outcome.verdicts if v.promised}:
                click.echo(f"  all flaws together: {told}")
            for fault in outcome.faults:
                click.echo(f"  does not hold: {fault}")
        held = sum(not outcome.faults for _, outcome in results)
        click.echo(f"\n{held} of {len(results)} keys hold")
    if any(outcome.faults for _, outcome in results):
        context.exit(1)


def _told(key: "AnswerKey", outcome: "Outcome") -> dict[str, object]:
    """Return the outcome of one key as plain values."""
    return {
        "exercise": key.exercise,
        "holds": not outcome.faults,
        "verdicts": [
            {
                "kind": v.charge.name,
                "decoy": v.charge.decoy,
                "oracle": v.charge.oracle,
                "claim": v.charge.claim,
                "clean": v.clean,
                "seeded": v.seeded,
                "promised": v.promised,
                "verdict": _verdict(v.confirmed, v.charge.decoy),
            }
            for v in outcome.verdicts
        ],
        "beside_the_key": [
            {"aspect": f.aspect, "lines": list(f.lines), "observed": f.observed}
            for f in outcome.strays
        ],
    }


def _verdict(confirmed: bool, decoy: bool) -> str:
    if decoy:
        return "sound" if confirmed else "not sound"
    return "confirmed" if confirmed else "not shown"


def _row(verdict: dict[str, object]) -> dict[str, object]:
    """Return what a table shows of a verdict."""
    return {name: verdict[name] for name in ("kind", "claim", "clean", "seeded", "verdict")}
