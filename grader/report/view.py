"""What the page shows, counted and ordered: plain values for the templates."""

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple, get_args

from grader.records.key import KeyDecoy, KeyItem
from grader.records.score import Band, Flag, Form, Result, Score
from grader.records.verdict import JudgedComment, JudgedItem, Verdicts
from grader.report.program import ProgramLine, State, program_lines, state_of, takes_for_flaw
from grader.report.results import Results

BANDS: tuple[Band, ...] = get_args(Band)


class BandCount(NamedTuple):
    """How many candidates a band holds."""

    band: Band
    candidates: int


class Hits(NamedTuple):
    """How often one flaw was found: shares in per cent of the candidates who had it."""

    item: KeyItem
    found: int
    partly: int
    of: int


class KeyRow(NamedTuple):
    """One keyed flaw beside what the candidate made of it."""

    item: KeyItem
    judged: JudgedItem
    state: State
    others: tuple[JudgedComment, ...]


class DecoyRow(NamedTuple):
    """One decoy with the comments that took it for a flaw."""

    decoy: KeyDecoy
    comments: tuple[JudgedComment, ...]


class CandidateView(NamedTuple):
    """All about one scored submission.

    ``anchor`` is its id on the page; without ``detailed`` it is a row of the table alone.
    """

    anchor: str
    detailed: bool
    result: Result
    score: Score
    verdicts: Verdicts
    form: Form
    lines: tuple[ProgramLine, ...]
    unplaced: tuple[JudgedComment, ...]
    key: tuple[KeyRow, ...]
    decoys: tuple[DecoyRow, ...]

    @property
    def marks_abreast(self) -> int:
        """The most marks that stand on one line, three at most: the others go below."""
        return min(
            3, max((sum(bool(m.label) for m in line.marks) for line in self.lines), default=0)
        )

    @property
    def raised(self) -> tuple[Flag, ...]:
        """The flags that are up."""
        return tuple(flag for flag in self.score.flags if flag.raised)


class ExerciseView(NamedTuple):
    """One exercise: its flaws by how often they were found, its candidates best first."""

    form: Form
    hits: tuple[Hits, ...]
    candidates: tuple[CandidateView, ...]
    counted: int


class PageView(NamedTuple):
    """The whole page. ``scores`` are those that count, in points, ascending."""

    exercises: tuple[ExerciseView, ...]
    failed: tuple[Result, ...]
    bands: tuple[BandCount, ...]
    scores: tuple[float, ...]
    median: float | None
    duplicates: int

    @property
    def shown(self) -> int:
        """How many reviews the page shows in full."""
        return sum(c.detailed for exercise in self.exercises for c in exercise.candidates)

    @property
    def scored(self) -> int:
        """How many submissions were scored, further ones among them."""
        return sum(len(exercise.candidates) for exercise in self.exercises)

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles of the exercises, each once."""
        return tuple(dict.fromkeys(exercise.form.title for exercise in self.exercises))


class Wanted(NamedTuple):
    """Whose reviews are shown in full: these candidates, or the best ones up to a limit."""

    candidates: frozenset[str]
    limit: int

    def has(self, result: Result, position: int) -> bool:
        """Tell whether a result is wanted, by its position on the page, counted from 1."""
        if self.candidates:
            return result.candidate in self.candidates
        return position <= self.limit


def page_view(results: Results, wanted: Wanted) -> PageView:
    """Return the page's values. A further submission of a candidate is shown, but not counted."""
    scored = [r for r in results.results if r.score is not None and r.verdicts is not None]
    counted = [r for r in scored if r.duplicate_of is None]
    scores = tuple(sorted(r.score.score / 1000 for r in counted if r.score))
    bands = Counter(r.score.band for r in counted if r.score)
    return PageView(
        exercises=_exercises(scored, results.forms, wanted),
        failed=tuple(r for r in results.results if r.score is None),
        bands=tuple(BandCount(band, bands[band]) for band in BANDS),
        scores=scores,
        median=median(scores) if scores else None,
        duplicates=len(scored) - len(counted),
    )


def _exercises(
    scored: Sequence[Result], forms: dict[str, Form], wanted: Wanted
) -> tuple[ExerciseView, ...]:
    views, first = [], 1
    for name in sorted({r.exercise for r in scored if r.exercise in forms}):
        own = [r for r in scored if r.exercise == name]
        own.sort(key=lambda r: (-(r.score.score if r.score else 0), r.candidate or "", r.source))
        views.append(_exercise(forms[name], own, first, wanted))
        first += len(own)
    return tuple(views)


def _exercise(form: Form, own: Sequence[Result], first: int, wanted: Wanted) -> ExerciseView:
    counted = [r.verdicts for r in own if r.duplicate_of is None and r.verdicts]
    return ExerciseView(
        form=form,
        hits=tuple(_hits(item, counted) for item in form.items),
        candidates=tuple(
            _candidate(r, form, f"c{n}", wanted.has(r, n)) for n, r in enumerate(own, first)
        ),
        counted=len(counted),
    )


def _hits(item: KeyItem, counted: Sequence[Verdicts]) -> Hits:
    states = Counter(
        state_of(judged) for v in counted for judged in v.items if judged.item == item.id
    )
    return Hits(item, states["found"], states["partly"], len(counted))


def _candidate(result: Result, form: Form, anchor: str, detailed: bool) -> CandidateView:
    score, verdicts = result.score, result.verdicts
    if score is None or verdicts is None:
        raise ValueError(f"{result.source} was not scored")
    return CandidateView(
        anchor=anchor,
        detailed=detailed,
        result=result,
        score=score,
        verdicts=verdicts,
        form=form,
        lines=program_lines(form, verdicts) if detailed else (),
        unplaced=tuple(c for c in verdicts.comments if c.lines is None),
        key=_key_rows(form, verdicts),
        decoys=tuple(
            DecoyRow(decoy, tuple(c for c in verdicts.comments if takes_for_flaw(c, decoy.id)))
            for decoy in form.decoys
        ),
    )


def _key_rows(form: Form, verdicts: Verdicts) -> tuple[KeyRow, ...]:
    judged = {item.item: item for item in verdicts.items}
    return tuple(
        KeyRow(
            item,
            judged[item.id],
            state_of(judged[item.id]),
            tuple(
                c
                for c in verdicts.comments
                if item.id in (c.item, *c.also) and c.index != judged[item.id].comment
            ),
        )
        for item in form.items
        if item.id in judged
    )
