"""The program of an exercise for a page: highlighted lines, with the key's places marked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal, NamedTuple

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from grader.records.key import Place
from grader.records.score import Form
from grader.records.verdict import JudgedComment, JudgedItem, Verdicts
from grader.report.visible import visible_text
from grader.spans import split_lines

State = Literal["found", "partly", "missed", "decoy", "hit-decoy"]


class Mark(NamedTuple):
    """A place of the key on one line: the label stands on the first line of the place."""

    item: str
    label: str
    state: State
    title: str
    main: bool


class ProgramLine(NamedTuple):
    """One line of the program with what stands beside it; ``indent`` in characters."""

    number: int
    html: Markup
    indent: int
    marks: tuple[Mark, ...]
    tint: State | None
    comments: tuple[JudgedComment, ...]
    missed: tuple[JudgedItem, ...]


@cache
def highlighted(program: str) -> tuple[Markup, ...]:
    """Return the program's lines as HTML, each closed in itself."""
    lexer = PythonLexer(stripnl=False, ensurenl=True)
    formatter = HtmlFormatter[str](nowrap=True, classprefix="hl-")
    html = highlight(visible_text(program, keep="\n\t"), lexer, formatter)
    # Pygments escapes the text; every tag in it is its own.
    return tuple(Markup(line) for line in html.removesuffix("\n").split("\n"))  # noqa: S704


def program_lines(form: Form, verdicts: Verdicts) -> tuple[ProgramLine, ...]:
    """Return the lines of the program with the marks, comments and missed flaws beside them."""
    marks = _marks(form, verdicts)
    comments = _comments_by_line(verdicts.comments)
    missed = _missed_by_line(form, verdicts.items)
    texts, htmls = split_lines(form.program), highlighted(form.program)
    return tuple(
        ProgramLine(
            number,
            html,
            len(text) - len(text.lstrip()),
            tuple(marks[number]),
            _tint(marks[number]),
            tuple(comments[number]),
            tuple(missed[number]),
        )
        for number, (text, html) in enumerate(zip(texts, htmls, strict=True), 1)
    )


def state_of(item: JudgedItem) -> State:
    """Return how a flaw fared."""
    if not item.credit:
        return "missed"
    return "found" if item.credit >= 1000 else "partly"


def takes_for_flaw(comment: JudgedComment, decoy: str) -> bool:
    """Tell whether a comment calls this decoy a flaw, alone or beside something else."""
    return decoy in comment.also or (comment.verdict == "contradicted" and comment.item == decoy)


def _marks(form: Form, verdicts: Verdicts) -> Mapping[int, list[Mark]]:
    states: dict[str, State] = {item.item: state_of(item) for item in verdicts.items}
    wrong = {d.id for d in form.decoys for c in verdicts.comments if takes_for_flaw(c, d.id)}
    by_line: defaultdict[int, list[Mark]] = defaultdict(list)
    for item in form.items:
        state = states.get(item.id, "missed")
        _mark_places(by_line, item.id, item.title, state, item.places)
    for decoy in form.decoys:
        state = "hit-decoy" if decoy.id in wrong else "decoy"
        _mark_places(by_line, decoy.id, f"Decoy: {decoy.title}", state, decoy.places)
    return by_line


def _mark_places(
    by_line: defaultdict[int, list[Mark]],
    item: str,
    title: str,
    state: State,
    places: Sequence[Place],
) -> None:
    for place in places:
        main = place.role == "main"
        words = title if main else f"{title} ({place.role})"
        for line in range(place.lines.start, place.lines.end + 1):
            label = item if line == place.lines.start else ""
            by_line[line].append(Mark(item, label, state, words, main))


def _tint(marks: Sequence[Mark]) -> State | None:
    """Return the colour behind a line: a flaw's before a decoy's, the flaw itself alone."""
    states = [mark.state for mark in marks if mark.main]
    order: tuple[State, ...] = ("missed", "partly", "found", "hit-decoy", "decoy")
    return next((state for state in order if state in states), None)


def _comments_by_line(comments: Sequence[JudgedComment]) -> Mapping[int, list[JudgedComment]]:
    by_line: defaultdict[int, list[JudgedComment]] = defaultdict(list)
    for comment in comments:
        if comment.lines is not None:
            by_line[comment.lines.start].append(comment)
    return by_line


def _missed_by_line(form: Form, items: Sequence[JudgedItem]) -> Mapping[int, list[JudgedItem]]:
    """Return missed flaws by the first line of their main place; absences have a place too."""
    by_id = {item.id: item for item in form.items}
    by_line: defaultdict[int, list[JudgedItem]] = defaultdict(list)
    for judged in items:
        places = by_id[judged.item].places if judged.item in by_id else ()
        main = [place for place in places if place.role == "main"] or list(places)
        if not judged.credit and main:
            by_line[main[0].lines.start].append(judged)
    return by_line
