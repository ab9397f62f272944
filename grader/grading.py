"""Grading: submissions in, a results folder out; one bad submission never stops the others."""

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from grader.decisions import NAME, Decisions
from grader.errors import SubmissionError
from grader.ingest.limits import MAX_BYTES
from grader.ingest.read import peek_exercise, read_submission
from grader.ingest.sniff import ENDINGS
from grader.keyring import Keyring, LoadedKey
from grader.marking import form_of, mark
from grader.match.match import match_all
from grader.match.model import Model, load_model
from grader.pause import collector_paused
from grader.records.score import Result
from grader.records.submission import Submission
from grader.records.verdict import Verdicts
from grader.report.results import ResultsFolder
from grader.report.table import columns
from grader.score.flags import FLAGS
from grader.score.rubric import Rubric
from grader.score.subscores import subscore_names

BATCH = 500
_SHOWN = 200

Progress = Callable[[int, int], None]


class Found(NamedTuple):
    """One file to grade and how it is called in the results."""

    path: Path
    source: str


class Summary(NamedTuple):
    """What became of the submissions; ``first`` holds the first results, for showing."""

    scored: int
    failed: int
    first: tuple[Result, ...]


class _Read(NamedTuple):
    """A submission with its key, ready to be matched."""

    source: str
    submission: Submission
    key: LoadedKey


def find(paths: Sequence[Path]) -> list[Found]:
    """Return the files to grade, each once, in the order of their names.

    Folders are searched through for the known endings; hidden files are left out. Names are given
    from the folder that holds all of them, with forward slashes.
    """
    files = {Path(os.path.abspath(path)) for given in paths for path in _files(given)}
    if not files:
        return []
    root = Path(os.path.commonpath([path.parent for path in files]))
    named = [Found(path, _storable(path.relative_to(root).as_posix())) for path in files]
    return sorted(named, key=lambda found: found.source)


def _storable(name: str) -> str:
    """Return a file name that is no UTF-8 with its odd bytes as ``\\xNN``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _files(given: Path) -> Iterator[Path]:
    if not given.is_dir():
        yield given
        return
    for path in given.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(given).parts)
        if path.suffix.lower() in ENDINGS and not hidden and path.is_file():
            yield path


def grade(
    paths: Sequence[Path],
    keys_dir: Path,
    out_dir: Path,
    rubric: Rubric,
    exercises_dir: Path | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Grade every submission and write the results folder, whole or not at all.

    Decisions that people made on an older results folder there are kept, and hold again for
    submissions of the same bytes.

    Args:
        paths: submissions, or folders of them.
        keys_dir: the folder of answer keys.
        out_dir: the results folder.
        rubric: the rules of the score.
        exercises_dir: published exercises to compare with the keys.
        progress: is told how many of how many are done.

    Raises:
        KeyFileError, ExerciseError: if a key cannot be trusted.
        DecisionsError: if the decisions in the older folder are damaged.
        OutputError: if the results cannot be written.
        SubmissionError: if there is nothing to grade.
    """
    found = find(paths)
    if not found:
        given = ", ".join(str(path) for path in paths)
        raise SubmissionError(given, [f"no submission is there (known: {', '.join(ENDINGS)})"])
    ring, model = Keyring(keys_dir, exercises_dir), load_model()
    decisions = Decisions(out_dir / NAME)
    seen: dict[tuple[str, str], str] = {}
    forms: set[str] = set()
    scored, first = 0, list[Result]()
    with ResultsFolder(out_dir, columns(subscore_names(rubric), FLAGS)) as folder:
        for done, batch in _batches(found):
            graded = _grade_batch(batch, ring, model, rubric, decisions)
            results = [marked_further(r, seen) for r in graded]
            folder.add(results)
            for exercise in sorted({r.exercise for r in results if r.score and r.exercise} - forms):
                folder.add_form(form_of(ring.get(exercise)))
                forms.add(exercise)
            scored += sum(result.status == "scored" for result in results)
            first += results[: max(0, _SHOWN - len(first))]
            if progress:
                progress(done, len(found))
    return Summary(scored, len(found) - scored, tuple(first))


def _batches(found: Sequence[Found]) -> Iterator[tuple[int, list[Found]]]:
    rest, done = iter(found), 0
    while batch := list(islice(rest, BATCH)):
        done += len(batch)
        yield done, batch


@collector_paused()
def _grade_batch(
    batch: Sequence[Found], ring: Keyring, model: Model, rubric: Rubric, decisions: Decisions
) -> list[Result]:
    """Read all, match all at once, score each; results stand in the order of the batch."""
    read = [_read(found, ring) for found in batch]
    ready = [one for one in read if isinstance(one, _Read)]
    judged = iter(_match(ready, model))
    return [
        _scored(one, next(judged), rubric, decisions) if isinstance(one, _Read) else one
        for one in read
    ]


def _read(found: Found, ring: Keyring) -> _Read | Result:
    """Read one submission; what is wrong with it becomes its result."""
    exercise: str | None = None
    try:
        data = _bytes(found)
        exercise = peek_exercise(found.source, data)
        if not ring.knows(exercise):
            raise SubmissionError(
                found.source, [f"there is no answer key for exercise {exercise!r}"]
            )
        key = ring.get(exercise)
        return _Read(found.source, read_submission(found.source, data, key.published), key)
    except SubmissionError as error:
        return Result(
            source=found.source, status="error", error=str(error), exercise=exercise or None
        )


def _bytes(found: Found) -> bytes:
    """Return the file's bytes, at most one above the limit: the reader tells the rest."""
    try:
        with found.path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SubmissionError(
            found.source, [f"cannot be read ({error.strerror}); check the path"]
        ) from error


def _match(ready: Sequence[_Read], model: Model) -> list[Verdicts | str]:
    """Match all in one batch; when that fails, each alone, so that the others go on."""
    pairs = [(one.key.key, one.submission) for one in ready]
    try:
        return list(match_all(pairs, model))
    except Exception:
        return [_match_alone(one, model) for one in ready]


def _match_alone(one: _Read, model: Model) -> Verdicts | str:
    try:
        return match_all([(one.key.key, one.submission)], model)[0]
    except Exception as error:
        return f"{one.source}: could not be matched ({type(error).__name__}: {error}); report it"


def _scored(one: _Read, judged: Verdicts | str, rubric: Rubric, decisions: Decisions) -> Result:
    submission = one.submission
    if isinstance(judged, str):
        return Result(
            source=one.source,
            status="error",
            error=judged,
            exercise=submission.exercise,
            candidate=submission.candidate,
        )
    ruled = decisions.of(submission.exercise, submission.candidate, submission.sha256)
    return mark(one.source, submission, one.key, judged, rubric, ruled)


def marked_further(result: Result, seen: dict[tuple[str, str], str]) -> Result:
    """Mark a further submission of the same candidate on the same exercise."""
    if result.score is None or result.exercise is None or result.candidate is None:
        return result
    first = seen.setdefault((result.exercise, result.candidate), result.source)
    return result if first == result.source else result.model_copy(update={"duplicate_of": first})
