"""One submission: from a name and bytes to comments on an exercise, whatever the format."""

import re
from collections.abc import Callable

from grader.errors import SubmissionError
from grader.files import sha256
from grader.ingest import (
    csv_format,
    github_format,
    gitlab_format,
    json_format,
    limits,
    markdown_format,
    notebook_format,
    python_format,
    rdjson_format,
    vscode_format,
)
from grader.ingest.draft import Reading, RefusedError
from grader.ingest.published import Published
from grader.ingest.settle import settle
from grader.ingest.sniff import read_name, sniff
from grader.ingest.text import decode, printable, shown
from grader.records.submission import Format, Notice, Submission

_READERS: dict[Format, Callable[[str, Published | None], Reading]] = {
    "json": json_format.read,
    "csv": csv_format.read,
    "markdown": markdown_format.read,
    "python": python_format.read,
    "notebook": notebook_format.read,
    "github": github_format.read,
    "gitlab": gitlab_format.read,
    "vscode": vscode_format.read,
    "rdjson": rdjson_format.read,
}
_EXERCISE = re.compile(r"[a-z0-9][a-z0-9-]{2,39}")
# The candidate's name becomes part of file names, so it holds no path and starts with no dot.
_CANDIDATE = re.compile(r"\w[\w.@+ -]{0,79}")
_NAME_IT = "name the file <exercise>__<candidate>.<ending>"


def read_submission(
    name: str, data: bytes, published: Published | None, candidate: str | None = None
) -> Submission:
    """Read one submission.

    Args:
        name: the file name; ``<exercise>__<candidate>.<ending>`` where the content names neither.
        data: the bytes as handed in, at most 5 MiB.
        published: the exercise it reviews. None leaves positions unchecked; a returned program or
            notebook cannot be read without it.
        candidate: who wrote it, if neither the content nor the name says so.

    Raises:
        SubmissionError: with every fault found, each with its place and how to mend it.
    """
    source = printable(name)
    try:
        text, form = _opened(name, data)
        reading = _READERS[form](text, published)
    except RefusedError as error:
        raise SubmissionError(source, error.faults) from error
    settled = settle(reading, published)
    faults = settled.faults
    exercise = _exercise(name, reading, published, faults)
    author = _candidate(name, reading, candidate, faults)
    if faults:
        raise SubmissionError(source, faults)
    if not settled.comments:
        settled.notices.append(Notice(source="file", message="no comment was found"))
    return Submission(
        exercise=exercise,
        candidate=author,
        format=form,
        sha256=sha256(data),
        comments=tuple(settled.comments),
        notices=tuple(settled.notices),
    )


def peek_exercise(name: str, data: bytes) -> str:
    """Return the id of the exercise that a submission is about, without reading its comments.

    Raises:
        SubmissionError: if neither the name nor the content says it.
    """
    faults: list[str] = []
    named = read_name(name).exercise
    try:
        if named is None:
            text, form = _opened(name, data)
            if form not in ("python", "notebook"):
                named = _READERS[form](text, None).exercise
    except RefusedError as error:
        raise SubmissionError(printable(name), error.faults) from error
    exercise = _valid_exercise(named, faults)
    if faults:
        raise SubmissionError(printable(name), faults)
    return exercise


def _opened(name: str, data: bytes) -> tuple[str, Format]:
    refused = limits.too_many_bytes(data)
    if refused:
        raise RefusedError(*refused)
    text = decode(data)
    return text, sniff(name, text)


def _exercise(name: str, reading: Reading, published: Published | None, faults: list[str]) -> str:
    """Return the exercise that content, file name and caller agree on."""
    said = {
        "the content": reading.exercise,
        "the file name": read_name(name).exercise,
        "the published exercise": published.id if published else None,
    }
    return _agreed("exercise", said, faults, str.casefold, _valid_exercise)


def _candidate(name: str, reading: Reading, fallback: str | None, faults: list[str]) -> str:
    said = {"the content": reading.candidate, "the file name": read_name(name).candidate}
    if not any(said.values()):
        said["the caller"] = fallback or reading.account
    return _agreed("candidate", said, faults, str, _valid_candidate)


def _agreed(
    what: str,
    said: dict[str, str | None],
    faults: list[str],
    form: Callable[[str], str],
    valid: Callable[[str | None, list[str]], str],
) -> str:
    given = {where: form(value.strip()) for where, value in said.items() if value and value.strip()}
    if len(set(given.values())) > 1:
        told = ", ".join(f"{shown(value)} in {where}" for where, value in given.items())
        faults.append(f"{what}: {told}; make them agree")
        return ""
    return valid(next(iter(given.values()), None), faults)


def _valid_exercise(value: str | None, faults: list[str]) -> str:
    if value is None:
        faults.append(f"exercise: neither the content nor the file name says it; {_NAME_IT}")
        return ""
    value = value.strip().casefold()
    if not _EXERCISE.fullmatch(value):
        faults.append(f"exercise: {shown(value)} is no exercise id; copy it from exercise.json")
    return value


def _valid_candidate(value: str | None, faults: list[str]) -> str:
    if value is None:
        faults.append(f"candidate: neither the content nor the file name says it; {_NAME_IT}")
        return ""
    if not _CANDIDATE.fullmatch(value):
        faults.append(
            f"candidate: {shown(value)} cannot be part of a file name; "
            "use letters, digits and . _ @ + - (at most 80 characters)"
        )
    return value
