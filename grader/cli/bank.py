"""``grader bank``: the bank of ready exercises."""

from pathlib import Path

import click


@click.command(epilog="Example: grader bank --out exercises --keys answer_keys")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--keys", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--no-prove", is_flag=True, help="Do not run the proofs again; keys lack evidence.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bank(out: Path, keys: Path, no_prove: bool, as_json: bool) -> None:
    """Remake the bank of ready exercises from its recipe.

    The bank's answers are public with the source: use it to practise and to try the product, and
    make fresh exercises for real candidates. The proofs take about a minute an exercise.
    """
    from contextlib import ExitStack

    from grader import bank as conductor
    from grader.cli.show import print_json, progress, table
    from grader.prove.runner import Runner

    rows = []
    total = len(conductor.bank_recipe())
    with ExitStack() as until_done:
        check: conductor.Check = conductor.unchecked
        if not no_prove:
            check = conductor.proof_check(until_done.enter_context(Runner()))
        for made in progress(conductor.make_bank(check), total, "making"):
            conductor.publish(made, out, keys)
            rows.append(
                {
                    "exercise": made.exercise.id,
                    "scenario": made.key.scenario,
                    "level": made.key.level,
                    "flaws": len(made.key.items),
                }
            )
    if as_json:
        print_json({"exercises": rows})
    else:
        table(rows)
