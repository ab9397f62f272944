"""Which format a submission is in, and who wrote it about what, as its name says."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple, get_args

from grader.ingest.columns import field_of
from grader.ingest.draft import RefusedError
from grader.ingest.text import shown
from grader.ingest.vscode_format import COLUMNS
from grader.records.submission import Format
from grader.spans import split_lines

_ENDINGS: dict[str, Format] = {
    ".json": "json",
    ".rdjson": "rdjson",
    ".rdjsonl": "rdjson",
    ".jsonl": "rdjson",
    ".csv": "csv",
    ".tsv": "csv",
    ".md": "markdown",
    ".markdown": "markdown",
    ".py": "python",
    ".ipynb": "notebook",
}
ENDINGS = tuple(_ENDINGS)
FORMATS: tuple[Format, ...] = get_args(Format)
_OWN = re.compile(r'\A\s*\{(?:\s*"(?:exercise|candidate)"\s*:\s*"[^"]*"\s*,)*\s*"comments"\s*:')
_NOTEBOOK = re.compile(r'"(?:nbformat|cell_type)"\s*:')
# Fields that every object of the host's API has; a quote inside a text is written \\", so no text
# of a comment can look like one.
_HOSTS: tuple[tuple[Format, re.Pattern[str]], ...] = (
    ("github", re.compile(r'(?<!\\)"(?:pull_request_review_id|pull_request_url)"\s*:')),
    ("gitlab", re.compile(r'(?<!\\)"(?:individual_note|noteable_type)"\s*:')),
    ("rdjson", re.compile(r'(?<!\\)"diagnostics"\s*:')),
)
_WORDS = re.compile(r"[^,;\t]+")
_MANY = 50


class Named(NamedTuple):
    """What ``<exercise>__<candidate>.<ending>`` says; None where the name says nothing."""

    exercise: str | None
    candidate: str | None
    ending: str


def read_name(name: str) -> Named:
    """Split the name of a submission."""
    path = PurePosixPath(name.replace("\\", "/"))
    exercise, joined, candidate = path.stem.partition("__")
    if not joined:
        return Named(None, None, path.suffix.casefold())
    return Named(exercise or None, candidate or None, path.suffix.casefold())


def sniff(name: str, text: str) -> Format:
    """Return the format that the ending says; the content must not say another.

    Raises:
        RefusedError: if the content is of another format, or the ending is unknown and the
            content tells nothing.
    """
    ending = read_name(name).ending
    said = _ENDINGS.get(ending)
    start = text.lstrip()[:1]
    if start in ("{", "[") and said in (None, "json", "notebook"):
        found: Format = "notebook" if start == "{" and _NOTEBOOK.search(text) else "json"
        if said is None or found == said:
            return _host(text) or found if found == "json" else found
        if said == "notebook":
            raise RefusedError("the file ends in .ipynb and holds no notebook; name it .json")
        if not re.search(r'"comments"\s*:', text):
            raise RefusedError("the file ends in .json and holds a notebook; name it .ipynb")
        return said
    if said is None and ending in ("", ".txt"):
        said = "csv" if _is_header(text) else "markdown"
    if said == "csv" and set(COLUMNS) <= {word.casefold() for word in _first_row(text)}:
        return "vscode"
    if said is None:
        raise RefusedError(f"the ending {shown(ending)} is unknown; use {', '.join(ENDINGS)}")
    return said


def _host(text: str) -> Format | None:
    """Return the code host whose answer a JSON text is; None for a list of our own."""
    if _OWN.search(text):
        return None
    return next((host for host, fields in _HOSTS if fields.search(text)), None)


def _first_row(text: str) -> list[str]:
    first: Iterator[str] = (line for line in split_lines(text) if line.strip())
    return [w.strip(' "') for w in _WORDS.findall(next(first, ""))[:_MANY]]


def _is_header(text: str) -> bool:
    """Tell whether the first line names columns of comments."""
    words = _first_row(text)
    return "comment" in map(field_of, words) and all(len(w) <= _MANY for w in words)
