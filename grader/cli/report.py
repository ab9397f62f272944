"""``grader report``: a results folder in, one HTML page out."""

from pathlib import Path

import click


@click.command(epilog="\b\nExample:\n  grader report results/ --out report.html")
@click.argument(
    "results", metavar="RESULTS", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The page; an older one is replaced.",
)
def report(results: Path, out: Path) -> None:
    """Make one self-contained HTML page from the results of `grader score`.

    It shows scores, bands and flags, and for each candidate the program with the comments beside
    their lines, each with its verdict and the reason. It holds the answer key: keep it private.
    """
    from grader.files import write_whole
    from grader.report.page import render
    from grader.report.results import read_results

    write_whole(out, render(read_results(results)).encode("utf-8", "replace"), mode=0o600)
    click.echo(out)
