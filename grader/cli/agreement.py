"""``grader agreement``: scores beside those of people."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.agreement import Figure


@click.command(epilog="Example: grader agreement results human.csv --by author")
@click.argument("results", type=click.Path(exists=True, path_type=Path))
@click.argument("human", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", multiple=True, metavar="COLUMN", help="Also for each value of a column.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def agreement(results: Path, human: Path, by: tuple[str, ...], as_json: bool) -> None:
    """Compare scores with scores that people gave to the same reviews.

    RESULTS is what `grader score` wrote; HUMAN a CSV table with the columns exercise, candidate
    and score (0 to 100), and if you like band and others. Printed are kappa with quadratic
    weights, correlation, standardised mean difference and agreement of bands, each with a 95 %
    bootstrap interval and the bar that automated scores have to pass before they are used.
    """
    from grader.agreement import figures, groups, paired
    from grader.cli.show import harmless, print_json, table

    both = paired(results, human)
    parts = [("all", both), *groups(both, by)]
    found = [(name, len(rows), figures(rows)) for name, rows in parts if len(rows) > 1]
    if as_json:
        print_json(
            [
                {"of": name, "submissions": count, "figures": [_plain(f) for f in every]}
                for name, count, every in found
            ]
        )
        return
    for name, count, every in found:
        click.echo(f"\n{harmless(name)}: {count} submissions")
        table([_row(figure) for figure in every])
    small = len(parts) - len(found)
    if small:
        click.echo(f"\n{small} groups of a single submission are left out")


def _row(figure: "Figure") -> dict[str, object]:
    bar = f"at least {figure.least}" if figure.least is not None else ""
    bar = f"at most {figure.most}" if figure.most is not None else bar
    told = {None: "", True: "passes", False: "fails"}[figure.passes]
    return {
        "figure": figure.name,
        "value": f"{figure.value:.3f}",
        "95 % interval": f"{figure.low:.3f} to {figure.high:.3f}",
        "bar": bar,
        "": told,
    }


def _plain(figure: "Figure") -> dict[str, object]:
    """Return a figure as plain values, None for what is not defined."""
    values = {"value": figure.value, "low": figure.low, "high": figure.high}
    told = {name: None if value != value else value for name, value in values.items()}
    return {"name": figure.name, **told, "passes": figure.passes}
