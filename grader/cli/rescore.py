"""``grader rescore``: stored results scored again, and what changed."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.rescoring import Change, Rescored


@click.command(epilog="Example: grader rescore results --keys keys")
@click.argument(
    "results", metavar="RESULTS", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--keys",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the answer keys as they stand today.",
)
@click.option("--exercise", "exercises", multiple=True, help="Only this exercise; may be repeated.")
@click.option(
    "--rubric",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The rubric that the results were scored by, if it is not the default one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def rescore(
    results: Path, keys: Path, exercises: tuple[str, ...], rubric: Path | None, as_json: bool
) -> None:
    """Score the reviews of a results folder again with today's keys and decisions.

    After a key was revised, everybody who had the exercise gets a score by the new one. The
    folder is replaced, whole or not at all; what changed is printed.
    """
    rescore_and_show(results, keys, rubric, exercises or None, as_json)


def rescore_and_show(
    results: Path,
    keys: Path,
    rubric: Path | None,
    exercises: Sequence[str] | None,
    as_json: bool = False,
) -> None:
    """Score again and print what changed."""
    from grader.cli.show import print_json, table
    from grader.keyring import Keyring
    from grader.rescoring import rescore as again
    from grader.score.rubric import load_rubric

    done = again(results, Keyring(keys), load_rubric(rubric), exercises)
    if as_json:
        print_json(_plain(done))
        return
    table([_row(change) for change in done.changes])
    click.echo(
        f"{done.rescored} scored again, {len(done.changes)} changed; {done.kept} left as they were"
    )


def _row(change: "Change") -> dict[str, object]:
    before, after = change.before, change.after
    return {
        "exercise": change.exercise,
        "candidate": change.candidate,
        "before": f"{before.score / 1000:.1f}",
        "after": f"{after.score / 1000:.1f}",
        "change": f"{(after.score - before.score) / 1000:+.1f}",
        "band": before.band if before.band == after.band else f"{before.band} -> {after.band}",
        "because": "; ".join(change.because),
    }


def _plain(done: "Rescored") -> dict[str, object]:
    return {
        "rescored": done.rescored,
        "kept": done.kept,
        "changes": [
            {
                "source": change.source,
                "exercise": change.exercise,
                "candidate": change.candidate,
                "before": change.before.score / 1000,
                "after": change.after.score / 1000,
                "band_before": change.before.band,
                "band_after": change.after.band,
                "because": list(change.because),
            }
            for change in done.changes
        ],
    }
