"""Scoring stored results again: with today's keys, model and decisions, and what that changed.

The reviews stand in the results, so nothing but the keys is needed. Everything is worked out anew
from review, key and decisions; nothing is patched.
"""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from grader.decisions import NAME, Decisions
from grader.errors import OutputError
from grader.grading import BATCH, Progress
from grader.keyring import Keyring
from grader.marking import form_of, mark
from grader.match.match import match_all
from grader.match.model import Model, load_model
from grader.records.score import Result, Score
from grader.report.results import Results, ResultsFolder, read_results
from grader.report.table import columns
from grader.score.flags import FLAGS
from grader.score.rubric import Rubric
from grader.score.subscores import subscore_names


class Change(NamedTuple):
    """What scoring again did to one submission."""

    source: str
    exercise: str
    candidate: str
    before: Score
    after: Score
    because: tuple[str, ...]


class Rescored(NamedTuple):
    """How many were scored again, and those whose score or band is another now."""

    rescored: int
    kept: int
    changes: tuple[Change, ...]


def rescore(
    folder: Path,
    keys: Keyring,
    rubric: Rubric,
    exercises: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Rescored:
    """Score the reviews of a results folder again and replace it, whole or not at all.

    Args:
        folder: what `grader score` wrote; its file of decisions is applied and kept.
        keys: today's keys.
        rubric: the rules; other rules than those of the results are refused.
        exercises: only the reviews of these exercises; all when None.
        progress: is told how many of how many are done.

    Raises:
        OutputError: if the results are damaged, or hold no reviews, or cannot be written.
        KeyFileError: if a key is missing or cannot be trusted.
        DecisionsError: if the file of decisions is damaged.
    """
    stored = read_results(folder)
    decisions = Decisions(folder / NAME)
    wanted = [r for r in stored.results if exercises is None or r.exercise in exercises]
    _check(folder, wanted, rubric)
    fresh = _again(wanted, keys, decisions, rubric, progress)
    at = _positions(folder)
    ordered = sorted(stored.results, key=lambda r: (at.get(r.source, len(at)), r.source))
    results = [fresh.get(_place(r), r) for r in ordered]
    _write(folder, results, stored, keys, exercises, rubric)
    changes = [_change(r, fresh[_place(r)]) for r in wanted if _place(r) in fresh]
    return Rescored(
        len(fresh), len(stored.results) - len(fresh), tuple(c for c in changes if c is not None)
    )


def _check(folder: Path, wanted: Sequence[Result], rubric: Rubric) -> None:
    """Refuse results that cannot be scored again, naming all of them."""
    faults = [
        f"  {r.source}: the review itself is not in the results; score its file again"
        for r in wanted
        if r.score is not None and r.submission is None
    ]
    others = sorted(
        {
            r.score.versions.rubric
            for r in wanted
            if r.score is not None and r.score.versions.rubric_sha256 != rubric.sha256
        }
    )
    faults += [
        f"  scored by the rubric {name!r}, which is not the one at hand ({rubric.label!r}): give "
        "its file with --rubric"
        for name in others
    ]
    if faults:
        raise OutputError("\n".join([f"{folder}: cannot be scored again", *faults]))


def _again(
    wanted: Sequence[Result],
    keys: Keyring,
    decisions: Decisions,
    rubric: Rubric,
    progress: Progress | None,
) -> dict[tuple[str, str], Result]:
    model = load_model()
    scored = [r for r in wanted if r.score is not None]
    rest, fresh = iter(scored), dict[tuple[str, str], Result]()
    while batch := list(islice(rest, BATCH)):
        for result in _batch(batch, keys, decisions, rubric, model):
            fresh[_place(result)] = result
        if progress:
            progress(len(fresh), len(scored))
    return fresh


def _batch(
    batch: Sequence[Result], keys: Keyring, decisions: Decisions, rubric: Rubric, model: Model
) -> list[Result]:
    ready = [(keys.get(r.submission.exercise), r.submission, r) for r in batch if r.submission]
    judged = match_all([(key.key, submission) for key, submission, _ in ready], model)
    made = []
    for (key, submission, old), verdicts in zip(ready, judged, strict=True):
        ruled = decisions.of(submission.exercise, submission.candidate, submission.sha256)
        made.append(
            mark(old.source, submission, key, verdicts, rubric, ruled).model_copy(
                update={"notices": old.notices, "duplicate_of": old.duplicate_of}
            )
        )
    return made


def _place(result: Result) -> tuple[str, str]:
    return result.source, result.candidate or ""


def _positions(folder: Path) -> dict[str, int]:
    """Return where each submission stands in the table."""
    names = pq.read_table(folder / "scores.parquet", columns=["source"])["source"].to_pylist()
    return {name: n for n, name in enumerate(names)}


def _write(
    folder: Path,
    results: Sequence[Result],
    stored: Results,
    keys: Keyring,
    exercises: Sequence[str] | None,
    rubric: Rubric,
) -> None:
    with ResultsFolder(folder, columns(subscore_names(rubric), FLAGS)) as out:
        for start in range(0, len(results), BATCH):
            out.add(results[start : start + BATCH])
        for exercise, form in stored.forms.items():
            again = exercises is None or exercise in exercises
            out.add_form(form_of(keys.get(exercise)) if again else form)


def _change(before: Result, after: Result) -> Change | None:
    old, new = before.score, after.score
    if old is None or new is None or (old.score, old.band) == (new.score, new.band):
        return None
    told = []
    if old.versions.key_sha256 != new.versions.key_sha256:
        told.append(f"key version {old.versions.key_version} -> {new.versions.key_version}")
    if old.versions.decisions_sha256 != new.versions.decisions_sha256:
        told.append("decided by a person")
    if old.versions.model != new.versions.model:
        told.append(f"model {old.versions.model} -> {new.versions.model}")
    if old.versions.grader != new.versions.grader:
        told.append(f"grader {old.versions.grader} -> {new.versions.grader}")
    return Change(after.source, new.exercise, new.candidate, old, new, tuple(told))
