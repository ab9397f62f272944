"""``grader schema``: the JSON Schema of what is stored."""

import click

NAMES = ("exercise", "key", "submission", "score", "result", "decision")


@click.command(epilog="Example: grader schema submission > submission.schema.json")
@click.argument("name", type=click.Choice(NAMES))
def schema(name: str) -> None:
    """Print the JSON Schema of a stored record."""
    from grader.cli.show import print_json
    from grader.records.base import Record
    from grader.records.decision import Decision
    from grader.records.exercise import Exercise
    from grader.records.key import AnswerKey
    from grader.records.score import Result, Score
    from grader.records.submission import Submission

    kinds: tuple[type[Record], ...] = (Exercise, AnswerKey, Submission, Score, Result, Decision)
    records = dict(zip(NAMES, kinds, strict=True))
    print_json(records[name].model_json_schema())
