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
@click.option(
    "--candidate",
    "candidates",
    multiple=True,
    metavar="NAME",
    help="Show this candidate's review in full; may be given again.",
)
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=100,
    show_default=True,
    help="Without --candidate, how many reviews to show in full, the best first.",
)
def report(results: Path, out: Path, candidates: tuple[str, ...], limit: int) -> None:
    """Make one self-contained HTML page from the results of `grader score`.

    It shows scores, bands and flags, and for each candidate the program with the comments beside
    their lines, each with its verdict and the reason. It holds the answer key: keep it private.
    """
    from grader.files import write_whole
    from grader.report.page import render
    from grader.report.results import read_results

    found = read_results(results)
    unknown = set(candidates) - {result.candidate for result in found.results if result.score}
    if unknown:
        raise click.BadParameter(f"no scored review is by {', '.join(sorted(unknown))}")
    page = render(found, candidates, limit)
    write_whole(out, page.encode("utf-8", "replace"), mode=0o600)
    click.echo(out)
