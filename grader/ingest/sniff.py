"""Which format a submission is in, and who wrote it about what, as its name says."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple, get_args

from grader.ingest.columns import field_of
from grader.ingest.draft import RefusedError
from grader.ingest.text import shown
from grader.records.submission import Format
from grader.spans import split_lines

_ENDINGS: dict[str, Format] = {
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".md": "markdown",
    ".markdown": "markdown",
    ".py": "python",
    ".ipynb": "notebook",
}
ENDINGS = tuple(_ENDINGS)
FORMATS: tuple[Format, ...] = get_args(Format)
_NOTEBOOK = re.compile(r'"(?:nbformat|cell_type)"\s*:')
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
            return found
        if said == "notebook":
            raise RefusedError("the file ends in .ipynb and holds no notebook; name it .json")
        if not re.search(r'"comments"\s*:', text):
            raise RefusedError("the file ends in .json and holds a notebook; name it .ipynb")
        return said
    if said is None and ending in ("", ".txt"):
        return "csv" if _is_header(text) else "markdown"
    if said is None:
        raise RefusedError(f"the ending {shown(ending)} is unknown; use {', '.join(ENDINGS)}")
    return said


def _is_header(text: str) -> bool:
    """Tell whether the first line names columns of comments."""
    first: Iterator[str] = (line for line in split_lines(text) if line.strip())
    words = [w.strip(' "') for w in _WORDS.findall(next(first, ""))[:_MANY]]
    return "comment" in map(field_of, words) and all(len(w) <= _MANY for w in words)
