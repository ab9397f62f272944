"""The demonstration: a fresh exercise, four reviews of it written by fixed rules, their scores.

The rules know the key and nothing of the matcher: no word list, no threshold, no pattern.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import RunError
from grader.files import sha256, write_whole
from grader.generate.build import Made
from grader.ingest.published import Published, published_from_key
from grader.ingest.write import as_csv, as_json, as_markdown, as_python
from grader.records.key import AnswerKey, KeyItem
from grader.records.submission import Comment, Format, Submission
from grader.spans import split_lines
from grader.stream import Stream

PROGRAM = "program.py"
NITS = (
    "Please use snake_case for this name.",
    "Line is hard to read, add blank lines here.",
    "Missing docstring.",
    "Unused import, remove it.",
    "Inconsistent quotes, pick one style.",
    "Rename this variable to something meaningful.",
    "Commented-out code, delete it.",
    "Spacing around the operator does not follow PEP 8.",
)
PITFALLS = (
    "Check this for data leakage, missing cross-validation, hardcoded values, missing seeds, no "
    "error handling, no input validation, train/serve skew, wrong metric and code duplication."
)


@dataclass(frozen=True)
class Reviewer:
    """A kind of candidate: how it writes, and in which format it hands in."""

    name: str
    write: Callable[[AnswerKey, Stream], list[Comment]]
    hand_in: Callable[[Submission, Published], bytes]
    format: Format
    ending: str


def thorough(key: AnswerKey, stream: Stream) -> list[Comment]:
    """Finds most flaws (nine of ten), and says what is wrong, why, and what to do."""
    found = [item for item in key.items if stream.chance(90)]
    return [_at(item, f"{item.wrong} {item.harm} {item.fix}") for item in found]


def hurried(key: AnswerKey, stream: Stream) -> list[Comment]:
    """Finds every second flaw, names it in a few words, and often points a line off."""
    found = key.items[::2]
    return [
        _at(item, stream.choice(item.said_well), stream.choice((-1, 0, 0, 1))) for item in found
    ]


def style_only(key: AnswerKey, stream: Stream) -> list[Comment]:
    """Looks at names and layout, and at nothing else."""
    count = len(split_lines(key.program))
    return [
        Comment(text=nit, file=PROGRAM, line=line, end_line=line)
        for nit, line in zip(
            NITS, sorted(stream.sample(range(1, count + 1), len(NITS))), strict=True
        )
    ]


def shotgun(key: AnswerKey, stream: Stream) -> list[Comment]:
    """Puts the same list of every pitfall it knows on every tenth line."""
    count = len(split_lines(key.program))
    return [Comment(text=PITFALLS, file=PROGRAM, line=n, end_line=n) for n in range(5, count, 10)]


REVIEWERS = (
    Reviewer("thorough", thorough, as_json, "json", "json"),
    Reviewer("hurried", hurried, as_markdown, "markdown", "md"),
    Reviewer("style-only", style_only, as_csv, "csv", "csv"),
    Reviewer("shotgun", shotgun, as_python, "python", "py"),
)


def write_reviews(key: AnswerKey, folder: Path) -> list[Path]:
    """Write the four reviews of one exercise into a folder, each in a format of its own."""
    published = published_from_key(key)
    stream = Stream(bytes.fromhex(key.secret), "demo")
    paths = []
    for reviewer in REVIEWERS:
        comments = reviewer.write(key, stream.child(reviewer.name))
        submission = Submission(
            exercise=key.exercise,
            candidate=reviewer.name,
            format=reviewer.format,
            sha256=sha256(b""),
            comments=tuple(comments),
        )
        path = folder / f"{key.exercise}__{reviewer.name}.{reviewer.ending}"
        write_whole(path, reviewer.hand_in(submission, published))
        paths.append(path)
    return paths


def run_once(made: Made) -> dict[str, object]:
    """Run the exercise's program for real and return its own report.

    Raises:
        RunError: if it does not end well.
    """
    from grader.prove.run import run_program

    data = next(name for name in made.files if name.startswith("data/"))
    files = {**made.files, PROGRAM: made.key.program.encode()}
    call = [PROGRAM, "train", "--data", data, "--out", "out", "--seed", "7"]
    ran = run_program(files, [call])[0]
    if ran.report is None or not ran.sound:
        raise RunError(f"the program ended with exit code {ran.exit_code}: {ran.stderr[-400:]}")
    return ran.report


def _at(item: KeyItem, text: str, off: int = 0) -> Comment:
    place = item.places[0].lines
    line = max(1, place.start + off)
    return Comment(text=text, file=PROGRAM, line=line, end_line=max(line, place.end + off))


def marks(values: Sequence[str]) -> str:
    """Return names joined for a table cell; a dash for none."""
    return ", ".join(values) or "–"
