"""``grader similar``: reviews that are worded alike."""

from pathlib import Path

import click


@click.command(epilog="Example: grader similar results")
@click.argument(
    "results", metavar="RESULTS", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def similar(results: Path, as_json: bool) -> None:
    """List pairs of candidates whose reviews of one exercise share long runs of words.

    RESULTS is what `grader score` wrote. Finding the same flaws is no sign of copying; saying them
    in the same words is. A person looks at the pairs; no point depends on it.
    """
    from grader.cli.show import print_json, table
    from grader.report.results import read_results
    from grader.similarity import alike

    stored = read_results(results)
    pairs = alike(stored.results, stored.forms)
    if as_json:
        print_json([pair._asdict() for pair in pairs])
        return
    table(
        [
            {
                "exercise": pair.exercise,
                "candidates": f"{pair.first}, {pair.second}",
                "shared runs": pair.shared,
                "of the shorter": f"{pair.share:.0%}",
                "such as": pair.example,
            }
            for pair in pairs
        ]
    )
    click.echo(f"{len(pairs)} pair{'' if len(pairs) == 1 else 's'} worded alike")
