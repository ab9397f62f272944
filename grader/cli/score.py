"""``grader score``: submissions and keys in, a results folder out."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.text import Text

    from grader.grading import Summary
    from grader.records.score import Result, Score

_BANDS = {"strong": "green", "solid": "cyan", "mixed": "yellow", "not shown": "red"}


@click.command(
    epilog="\b\nExample:\n  grader score submissions/ --keys answer_keys/ --out results/",
)
@click.argument(
    "submissions",
    nargs=-1,
    required=True,
    metavar="SUBMISSION_OR_DIR...",
    type=click.Path(exists=True, path_type=Path),
)
@click.option(
    "--keys",
    required=True,
    metavar="KEYS",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the answer keys, <exercise>.json each.",
)
@click.option(
    "--exercises",
    metavar="EXERCISES",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the published exercises: each is compared with its key first.",
)
@click.option(
    "--out",
    required=True,
    metavar="RESULTS",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the results; an older results folder there is replaced.",
)
@click.option(
    "--rubric",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Rubric in TOML, in the place of the default one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object, not a table.")
@click.pass_context
def score(
    context: click.Context,
    submissions: tuple[Path, ...],
    keys: Path,
    exercises: Path | None,
    out: Path,
    rubric: Path | None,
    as_json: bool,
) -> None:
    """Score review comments against answer keys.

    Takes files (JSON, CSV, Markdown, the returned program or notebook, what a
    code host or an editor exports) or folders of them. Writes
    scores.csv, scores.parquet and one JSON file a submission.

    \b
    Exit code: 0 all scored; 1 some submissions failed (their rows say why);
    2 wrong usage, keys, exercises or rubric.
    """
    from grader.grading import grade
    from grader.score.rubric import load_rubric

    rules = load_rubric(rubric)
    with _Bar(silent=as_json) as bar:
        summary = grade(submissions, keys, out, rules, exercises, progress=bar.update)
    if as_json:
        click.echo(json.dumps(_plain(summary, out), ensure_ascii=False, indent=2))
    else:
        _print(summary, out)
    context.exit(1 if summary.failed else 0)


def _plain(summary: "Summary", out: Path) -> dict[str, object]:
    return {
        "results": str(out),
        "scored": summary.scored,
        "failed": summary.failed,
        "submissions": [_plain_result(result) for result in summary.first],
    }


def _plain_result(result: "Result") -> dict[str, object]:
    score = result.score
    return {
        "source": result.source,
        "exercise": result.exercise,
        "candidate": result.candidate,
        "status": result.status,
        "score": score.score / 1000 if score else None,
        "low": score.interval.low / 1000 if score else None,
        "high": score.interval.high / 1000 if score else None,
        "band": score.band if score else None,
        "error": result.error,
    }


def _print(summary: "Summary", out: Path) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from grader.report.visible import visible_text

    table = Table("exercise", "candidate", box=None, header_style="bold", pad_edge=False)
    table.add_column("score", justify="right")
    table.add_column("interval", justify="right")
    table.add_column("band")
    table.add_column("flags")
    for result in summary.first:
        if result.score:
            exercise, candidate = result.exercise or "", result.candidate or ""
            table.add_row(
                Text(visible_text(exercise)), Text(visible_text(candidate)), *_cells(result.score)
            )
    console = Console()
    if summary.scored:
        console.print(table)
    for result in summary.first:
        if result.error:
            console.print(Text(visible_text(result.error, keep="\n"), style="red"))
    hidden = summary.scored + summary.failed - len(summary.first)
    more = f" ({hidden} more rows are in the table)" if hidden else ""
    console.print(
        Text(f"{summary.scored} scored, {summary.failed} failed: {out / 'scores.csv'}{more}")
    )


def _cells(score: "Score") -> tuple[str, str, "Text", str]:
    from rich.text import Text

    interval = f"{score.interval.low / 1000:.0f} – {score.interval.high / 1000:.0f}"
    raised = [f"{'+' if f.colour == 'green' else '!'} {f.name}" for f in score.flags if f.raised]
    band = Text(score.band, style=_BANDS.get(score.band, "magenta"))
    return f"{score.score / 1000:.1f}", interval, band, ", ".join(raised)


class _Bar:
    """A progress bar on a terminal; nothing elsewhere."""

    def __init__(self, silent: bool) -> None:
        from rich.console import Console
        from rich.progress import Progress as RichProgress

        console = Console(stderr=True)
        self._bar = RichProgress(
            console=console, transient=True, disable=silent or not console.is_terminal
        )
        self._task = self._bar.add_task("Scoring", total=None)

    def __enter__(self) -> "_Bar":
        self._bar.start()
        return self

    def update(self, done: int, total: int) -> None:
        """Tell how many submissions are done."""
        self._bar.update(self._task, completed=done, total=total)

    def __exit__(self, *error: object) -> None:
        self._bar.stop()
