"""``grader export``: a key or the verdicts on a review, for editors and pull requests."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.report.export import Remark


@click.command(
    epilog="\b\nExamples:\n  grader export keys/EXERCISE.json --format sarif --out key.sarif\n"
    "  grader export results/EXERCISE__sam.json --format github"
    " | gh api repos/OWNER/REPO/pulls/7/reviews --input -"
)
@click.argument(
    "path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--format", "form", required=True, type=click.Choice(["sarif", "rdjsonl", "github"]))
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it; printed without.",
)
def export(path: Path, form: str, out: Path | None) -> None:
    """Write an answer key, or the verdicts on one review, for editors and pull requests.

    FILE is an answer key, or one result of `grader score` within its folder. Both hold answers:
    what is written is private too.
    """
    from importlib.metadata import version

    from grader.files import write_whole
    from grader.report.export import FORMATS

    text = FORMATS[form](_remarks(path), version("ml-review-grader"))
    if out is None:
        click.echo(text, nl=False)
        return
    write_whole(out, text.encode("utf-8", "replace"), mode=0o600)
    click.echo(out)


def _remarks(path: Path) -> "list[Remark]":
    from grader.errors import OutputError
    from grader.keyring import read_key
    from grader.report.export import of_key, of_result
    from grader.report.results import read_result

    if b'"secret"' in path.read_bytes():
        return of_key(read_key(path))
    result, form = read_result(path)
    if result.score is None:
        raise OutputError(f"{path}: was not scored: {result.error}")
    return of_result(result, form)
