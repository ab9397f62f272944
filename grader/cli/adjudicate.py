"""``grader adjudicate``: a person goes through the comments that the grader leaves open."""

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.adjudication import Desk, Entry
    from grader.second.contract import SecondReader


@click.command(epilog="Example: grader adjudicate results --keys keys --who 'Ada L.'")
@click.argument(
    "results", metavar="RESULTS", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--keys",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the answer keys.",
)
@click.option("--who", help="Your name, as it stands in the decisions. [default: who is logged in]")
@click.option("--all", "every", is_flag=True, help="Every comment, not only the open ones.")
@click.option("--candidate", help="Only the comments of this candidate.")
@click.option("--exercise", help="Only the comments on this exercise.")
@click.option(
    "--rubric",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The rubric that the results were scored by, if it is not the default one.",
)
@click.option(
    "--second",
    metavar="URL_OR_NAME",
    help="A second reader that suggests, and decides nothing: the address of an OpenAI-compatible "
    "server (its key in GRADER_SECOND_KEY), or an installed one by its name. Comments are sent to "
    "it.",
)
@click.option("--second-model", metavar="MODEL", help="The model to ask on that server.")
@click.option("--list", "only_list", is_flag=True, help="Show the queue and stop.")
def adjudicate(
    results: Path,
    keys: Path,
    who: str | None,
    every: bool,
    candidate: str | None,
    exercise: str | None,
    rubric: Path | None,
    second: str | None,
    second_model: str | None,
    only_list: bool,
) -> None:
    """Decide on the comments that the grader leaves to a person, and score again.

    RESULTS is what `grader score` wrote. Those that may change a band come first. Each decision
    is appended to RESULTS/decisions.jsonl with your name, the time and your reason, at once: stop
    whenever you like. Scores are made again at the end.
    """
    from grader.adjudication import Desk
    from grader.cli.rescore import rescore_and_show
    from grader.cli.ruling import StoppedError, ask

    desk = Desk(results, keys, who or getpass.getuser())
    queue = [
        entry
        for entry in desk.queue(every)
        if candidate in (None, entry.result.candidate) and exercise in (None, entry.result.exercise)
    ]
    if only_list:
        _list(queue)
        return
    if not queue:
        click.echo("nothing is open")
        return
    reader = _second(second, second_model)
    try:
        for number, entry in enumerate(queue, 1):
            if not desk.is_decided(entry):
                _show(desk, entry, f"{number} of {len(queue)}")
                _suggest(reader, entry)
                ask(desk, entry)
    except (StoppedError, click.Abort):
        click.echo("\nstopped; what was decided is kept")
    if desk.touched:
        rescore_and_show(results, keys, rubric, sorted(desk.touched))


def _second(second: str | None, model: str | None) -> "SecondReader | None":
    from grader.second.chat import ChatReader
    from grader.second.contract import installed

    if second is None:
        return None
    if "://" not in second:
        return installed(second)
    if not model:
        raise click.UsageError("--second-model names the model to ask on that server")
    return ChatReader(second, model, os.environ.get("GRADER_SECOND_KEY"))


def _suggest(reader: "SecondReader | None", entry: "Entry") -> None:
    """Show what a second reader makes of a comment."""
    from grader.cli.show import harmless
    from grader.second.contract import Asked, Choice

    if reader is None:
        return
    choices = tuple(Choice(i.id, i.title, i.wrong) for i in entry.form.items)
    code = "\n".join(text for _, text, _ in entry.code)
    (told,) = reader.suggest([Asked(entry.comment.text, code, choices)])
    if told is None:
        click.echo(f"  {harmless(reader.name)} suggests nothing")
        return
    title = next((i.title for i in entry.form.items if i.id == told.item), "no flaw of the key")
    click.echo(f"  {harmless(reader.name)} suggests: {harmless(title)} ({harmless(told.why)})")


def _list(queue: "list[Entry]") -> None:
    from grader.cli.show import table

    table(
        [
            {
                "exercise": entry.result.exercise,
                "candidate": entry.result.candidate,
                "place": entry.comment.place,
                "verdict": entry.comment.verdict,
                "may lift": "yes" if entry.lifts else "",
                "comment": entry.comment.text[:160],
            }
            for entry in queue
        ]
    )
    click.echo(f"{len(queue)} comment{'' if len(queue) == 1 else 's'}")


def _show(desk: "Desk", entry: "Entry", position: str) -> None:
    from grader.cli.show import harmless

    comment, result = entry.comment, entry.result
    band = result.score.band if result.score else ""
    head = f"[{position}] {result.exercise}, {result.candidate}, {comment.place} (band: {band})"
    click.echo("\n" + click.style(harmless(head), bold=True))
    for number, text, here in entry.code:
        mark = ">" if here else " "
        click.echo(click.style(f"{number:5} {mark} {harmless(text)}", dim=not here))
    click.echo("\n  " + "\n  ".join(harmless(line) for line in comment.text.splitlines()) + "\n")
    told = comment.evidence
    click.echo(f"  {comment.verdict}: {harmless(told.reason)}")
    if told.category:
        click.echo(f"  reads as {told.category} ({told.category_share / 10:.0f} %)")
    near = desk.runner_up(entry)
    if near:
        click.echo(f"  nearest flaw of the key: {near} (margin {told.margin / 1000:+.1f})")
