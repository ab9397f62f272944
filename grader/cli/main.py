"""The command ``grader``: finds its subcommands late, so that ``--help`` answers at once."""

import importlib
import sys

import click

from grader.errors import GraderError

# name -> (module, one line for the overview); the module is imported only when the command runs.
COMMANDS = {
    "generate": ("grader.cli.generate", "Make fresh exercises and their answer keys."),
    "validate": ("grader.cli.validate", "Tell a candidate what was understood of a review."),
    "score": ("grader.cli.score", "Score reviews against answer keys."),
    "report": ("grader.cli.report", "Write the results as one page."),
    "adjudicate": ("grader.cli.adjudicate", "Decide on the comments that are left to a person."),
    "rescore": ("grader.cli.rescore", "Score stored results again, after a key or decision."),
    "export": ("grader.cli.export", "Write a key or verdicts for editors and pull requests."),
    "similar": ("grader.cli.similar", "List reviews that are worded alike."),
    "agreement": ("grader.cli.agreement", "Compare scores with those of people."),
    "demo": ("grader.cli.demo", "Make an exercise, score four reviews of it, and report."),
    "catalog": ("grader.cli.catalog", "List the kinds of flaw and the decoys."),
    "prove": ("grader.cli.prove", "Run the proofs of answer keys again."),
    "bank": ("grader.cli.bank", "Remake the bank of ready exercises, or check it."),
    "schema": ("grader.cli.schema", "Print the JSON Schema of a stored record."),
}


class LateGroup(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(COMMANDS[cmd_name][0]), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except GraderError as error:
            if ctx.params.get("debug"):
                raise
            click.echo(f"grader: {error}", err=True)
            sys.exit(2)


@click.group(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ml-review-grader")
@click.option("--debug", is_flag=True, help="Show the trace of an error.")
def cli(debug: bool) -> None:
    """Make code-review exercises from messy ML scripts and grade the review comments.

    \b
    Example:
      grader generate --scenario churn --level mid --out exercises --keys keys
    """
