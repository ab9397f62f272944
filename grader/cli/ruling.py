"""The questions of ``grader adjudicate``: what a comment is, which flaw it says, and why."""

from typing import TYPE_CHECKING, get_args

import click

if TYPE_CHECKING:
    from grader.adjudication import Desk, Entry
    from grader.records.decision import Decision, Ruling

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


class StoppedError(Exception):
    """The person has had enough."""


def ask(desk: "Desk", entry: "Entry") -> None:
    """Ask for a decision on one comment, and write it down.

    Raises:
        StoppedError: if the person has had enough.
    """
    click.echo("\n" + "\n".join(f"  {key}  {text}" for key, text in _CHOICES.items()))
    choice = click.prompt("decide", type=click.Choice(list(_CHOICES)), show_choices=False)
    if choice == "q":
        raise StoppedError
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
