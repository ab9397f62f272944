"""``grader catalog``: the kinds of flaw and the decoys."""

import click


@click.command(epilog="Example: grader catalog --scenario churn")
@click.argument("kind", required=False)
@click.option("--scenario", help="Only what offers a site in this scenario.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def catalog(kind: str | None, scenario: str | None, as_json: bool) -> None:
    """List the kinds of flaw and the decoys, or tell everything about one KIND."""
    from dataclasses import asdict

    from grader import catalog as shelf
    from grader.cli.show import print_json, table
    from grader.generate.exercise import fitting, fitting_decoys

    if kind is not None:
        entry = asdict(shelf.bug(kind).entry)
        if as_json:
            print_json(entry)
            return
        for name, value in entry.items():
            values = value if isinstance(value, tuple) else (value,)
            click.echo(f"{name:12} " + ("\n" + " " * 13).join(str(v) for v in values))
        return
    kinds = [b.entry for b in shelf.bugs().values()]
    decoys = [d.entry for d in shelf.decoys().values()]
    if scenario is not None:
        kinds = [e for e in kinds if e.name in fitting(scenario)]
        decoys = [e for e in decoys if e.name in fitting_decoys(scenario)]
    flaws = [
        {"id": e.id, "kind": e.name, "category": e.category, "severity": e.severity} for e in kinds
    ]
    lures = [{"id": e.id, "decoy": e.name, "looks like": e.looks_like} for e in decoys]
    if as_json:
        print_json({"kinds": flaws, "decoys": lures})
        return
    table(flaws)
    click.echo("")
    table(lures)
    click.echo(f"{len(flaws)} kinds of flaw, {len(lures)} decoys")
