"""``grader validate``: tells a candidate what was understood; needs no key."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.ingest.published import Published
    from grader.records.submission import Comment, Submission

_EXIT_FAULTS = 2
_UNNAMED = "unnamed"
_SHOWN = 60


@click.command(
    epilog="Example:\n\n  grader validate churn-01__anna.csv --exercise exercises/churn-01"
)
@click.argument("submission", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--exercise",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The exercise folder as it was received.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was understood as JSON.")
def validate(submission: Path, folder: Path, as_json: bool) -> None:
    """Check a review and show what was understood.

    SUBMISSION is a JSON, CSV or Markdown file, what a code host or an editor exports, or the
    returned program or notebook with
    '# REVIEW: ...' comments. Exit code 2: it cannot be read; every fault is listed.
    """
    from grader.errors import GraderError
    from grader.ingest.published import published_from_folder
    from grader.ingest.read import read_submission
    from grader.ingest.text import printable

    try:
        published = published_from_folder(folder)
        data = submission.read_bytes()
        understood = read_submission(submission.name, data, published, candidate=_UNNAMED)
    except OSError as error:
        click.echo(f"{submission}: cannot be read ({error.strerror})", err=True)
        raise SystemExit(_EXIT_FAULTS) from error
    except GraderError as error:
        click.echo(printable(str(error)), err=True)
        raise SystemExit(_EXIT_FAULTS) from error
    if as_json:
        click.echo(understood.canonical().decode(), nl=False)
    else:
        _show(understood, published)


def _show(submission: "Submission", published: "Published") -> None:
    """Print the table of comments, the notices and the totals."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from grader.ingest.text import printable

    console = Console()
    table = Table("#", "Place", "Published line", "Comment")
    for number, comment in enumerate(submission.comments, 1):
        cells = (str(number), _place(comment), _line(comment, published), comment.text)
        table.add_row(*(Text(_start(printable(cell))) for cell in cells))
    if submission.comments:
        console.print(table)
    for notice in submission.notices:
        console.print(Text(printable(f"{notice.source}: {notice.message}")))
    if submission.candidate == _UNNAMED:
        console.print(Text("To hand in, name the file <exercise>__<candidate>.<ending>."))
    count = len(submission.comments)
    placed = sum(comment.line is not None for comment in submission.comments)
    console.print(
        Text(
            f"{submission.exercise}: {count} comments, {placed} on a line, "
            f"{count - placed} on a whole file or in general; {len(submission.notices)} notices."
        )
    )


def _place(comment: "Comment") -> str:
    from grader.ingest.places import Place, written

    numbers = (comment.cell, comment.line, comment.end_line)
    return written(Place(comment.file, *(str(n) if n else None for n in numbers)))


def _line(comment: "Comment", published: "Published") -> str:
    """Return the published line at the comment, without its indentation."""
    from grader.spans import split_lines

    if comment.file is None or comment.line is None:
        return ""
    if comment.cell is not None:
        lines = list(published.cell(comment.cell).lines or ())
    else:
        lines = split_lines(published.files.get(comment.file, ""))
    return lines[comment.line - 1].strip() if comment.line <= len(lines) else ""


def _start(text: str) -> str:
    """Return the beginning of a text, on one line."""
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
