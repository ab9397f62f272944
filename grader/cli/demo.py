"""``grader demo``: the whole way in one command."""

from pathlib import Path

import click


@click.command(epilog="Example: grader demo --out demo")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Folder for the exercise, its key, the reviews, the results and the report.",
)
@click.option("--scenario", default="any", show_default=True)
@click.option("--seed", type=int, help="Make the same demonstration again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def demo(out: Path, scenario: str, seed: int | None, as_json: bool) -> None:
    """Make a fresh exercise, run it, score four reviews of it, and write a report.

    The reviews are written by fixed rules that know the key and nothing of the matcher.
    """
    from grader import bank
    from grader.cli.show import print_json, table
    from grader.demo import marks, run_once, write_reviews
    from grader.files import write_whole
    from grader.generate.exercise import Wish
    from grader.grading import grade
    from grader.report.page import render
    from grader.report.results import read_results
    from grader.score.rubric import load_rubric

    secret = bank.fresh_secret() if seed is None else bank.demo_secret(seed)
    wish = Wish(scenario=scenario, formats=("script", "notebook"))
    made = bank.make_checked(secret, wish, "demo", bank.run_check).made
    bank.publish(made, out / "exercises", out / "keys")
    home = out / "exercises" / made.exercise.id
    report = run_once(made)
    reviews = write_reviews(made.key, out / "reviews" / made.exercise.id)
    grade(reviews, out / "keys", out / "results", load_rubric(None), out / "exercises")
    page = out / "report.html"
    write_whole(page, render(read_results(out / "results")).encode("utf-8", "replace"), mode=0o600)
    rows = _rows(out / "results")
    if as_json:
        print_json({"exercise": str(home), "program": report, "scores": rows, "report": str(page)})
        return
    flaws, decoys = len(made.key.items), len(made.key.decoys)
    click.echo(f"A fresh exercise: {home}/  ({made.key.scenario}, {flaws} flaws, {decoys} decoys)")
    figures = {k: v for k, v in report.items() if isinstance(v, float)}
    click.echo(f"Its program ran:  {marks([f'{k} {v}' for k, v in list(figures.items())[:4]])}")
    click.echo("Four reviews of it, scored:\n")
    table(rows)
    click.echo(f"\nThe report: {page}")


def _rows(results: Path) -> list[dict[str, object]]:
    import pandas as pd

    frame = pd.read_csv(results / "scores.csv")
    frame = frame.sort_values("score", ascending=False, kind="stable")
    shown = ["candidate", "score", "low", "high", "band", "detection", "explanation", "judgement"]
    return [dict(zip(shown, row, strict=True)) for row in frame[shown].to_numpy().tolist()]
