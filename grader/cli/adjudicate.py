"""``grader adjudicate``: a person goes through the comments that the grader leaves open."""

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

if TYPE_CHECKING:
    from grader.adjudication import Desk, Entry
    from grader.records.decision import Decision, Ruling
    from grader.second.contract import SecondReader

_CHOICES = {
    "h": "hit: says a flaw of the key",
    "n": "near miss: half right",
    "a": "add to the key: right, and the key does not hold it",
    "v": "valid, of no weight: leave it uncounted",
    "c": "contradicted: claims a defect where the code is sound",
    "g": "generic: fits any project",
    "y": "style: a matter of taste",
    "e": "empty: claims nothing, or is wrong",
    "s": "skip",
    "q": "stop",
}
_PLAIN = {"v": "valid-unlisted", "g": "generic", "y": "style", "e": "empty"}


class _StoppedError(Exception):
    """The person has had enough."""


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
                _ask(desk, entry)
    except (_StoppedError, click.Abort):
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


def _ask(desk: "Desk", entry: "Entry") -> None:
    click.echo("\n" + "\n".join(f"  {key}  {text}" for key, text in _CHOICES.items()))
    choice = click.prompt("decide", type=click.Choice(list(_CHOICES)), show_choices=False)
    if choice == "q":
        raise _StoppedError
    if choice == "s":
        return
    if choice == "a":
        _add_to_key(desk, entry)
        return
    ruling = _ruling(entry, choice)
    made = desk.decide(entry, ruling, click.prompt("why", type=_Words()))
    _offer_alike(desk, entry, made)


def _ruling(entry: "Entry", choice: str) -> "Ruling":
    from grader.records.decision import Ruling

    if choice in _PLAIN:
        return Ruling.model_validate({"verdict": _PLAIN[choice]})
    if choice == "c":
        return Ruling(verdict="contradicted", items=_pick_decoy(entry))
    return Ruling(
        verdict="hit" if choice == "h" else "near-miss",
        items=_pick_items(entry),
        says_why=click.confirm("does it say why it matters?", default=entry.comment.says_why),
        says_fix=click.confirm("does it say what to do?", default=entry.comment.says_fix),
    )


def _pick_items(entry: "Entry") -> tuple[str, ...]:
    from grader.cli.show import harmless

    items = entry.form.items
    for number, item in enumerate(items, 1):
        lines = item.places[0].lines
        click.echo(f"  {number:2}  {harmless(item.title)} (line {lines.start}, {item.severity})")
    guess = entry.comment.item or entry.comment.evidence.runner_up
    ids = [item.id for item in items]
    default = str(ids.index(guess) + 1) if guess in ids else None
    picked = click.prompt("which (1, or 1,3)", type=_Numbers(len(items)), default=default)
    return tuple(ids[number - 1] for number in picked)


def _pick_decoy(entry: "Entry") -> tuple[str, ...]:
    from grader.cli.show import harmless

    decoys = entry.form.decoys
    for number, decoy in enumerate(decoys, 1):
        line = decoy.places[0].lines.start
        click.echo(f"  {number:2}  {harmless(decoy.title)} (line {line})")
    picked = click.prompt(
        "which sound code (0: another)", type=click.IntRange(0, len(decoys)), default=0
    )
    return (decoys[picked - 1].id,) if picked else ()


def _add_to_key(desk: "Desk", entry: "Entry") -> None:
    from grader.revision import Confirmed
    from seeded_bugs.words import CATEGORIES, Severity

    known = entry.comment.evidence.category
    flaw = Confirmed(
        title=click.prompt("what is wrong, in a few words", type=_Words()),
        category=click.prompt(
            "category",
            type=click.Choice(list(CATEGORIES)),
            default=known if known in CATEGORIES else None,
        ),
        severity=click.prompt(
            "severity", type=click.Choice(list(get_args(Severity))), default="minor"
        ),
        fix=click.prompt("what to do", type=_Words()),
        who=desk.who,
        why=click.prompt("why it matters", type=_Words()),
    )
    kept = desk.revise(entry, flaw)
    click.echo(f"the key has one flaw more; the one before is kept as {kept}")


def _offer_alike(desk: "Desk", entry: "Entry", made: "Decision") -> None:
    from grader.cli.show import harmless

    others = desk.alike(entry)
    if not others:
        return
    click.echo(f"\n{len(others)} more comments say much the same at this place:")
    for other in others:
        line = " ".join(other.comment.text.split())[:110]
        click.echo(f"  {harmless(other.result.candidate or '')}: {harmless(line)}")
    if click.confirm("decide the same on all of them?", default=False):
        for other in others:
            desk.decide(other, made.ruling, made.why, like=made.number)


class _Words(click.ParamType[str]):
    """A text of at least one word."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = " ".join(value.split())
        if not text:
            self.fail("a word at least")
        return text[:2_000]


class _Numbers(click.ParamType[tuple[int, ...]]):
    """Numbers from 1 to a most, with commas between."""

    name = "numbers"

    def __init__(self, most: int) -> None:
        self._most = most

    def convert(
        self,
        value: str | tuple[int, ...],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        parts = [part.strip() for part in value.split(",")]
        if not all(p.isascii() and p.isdigit() and 1 <= int(p) <= self._most for p in parts):
            self.fail(f"numbers from 1 to {self._most}, with commas between")
        return tuple(dict.fromkeys(map(int, parts)))
