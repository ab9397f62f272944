"""``grader bank``: the bank of ready exercises."""

from pathlib import Path

import click


@click.command(epilog="Example: grader bank --out exercises --keys answer_keys")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--keys", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bank(out: Path, keys: Path, as_json: bool) -> None:
    """Remake the bank of ready exercises from its recipe.

    The bank's answers are public with the source: use it to practise and to try the product, and
    make fresh exercises for real candidates.
    """
    from grader import bank as conductor
    from grader.cli.show import print_json, progress, table
    from grader.prove.runner import Runner

    rows = []
    total = len(conductor.bank_recipe())
    with Runner() as runner:
        bank_made = conductor.make_bank(conductor.proof_check(runner))
        for made in progress(bank_made, total, "making"):
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
