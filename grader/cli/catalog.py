"""``grader catalog``: the kinds of flaw and the decoys."""

import click


@click.command(epilog="Example: grader catalog --scenario churn")
@click.argument("kind", required=False)
@click.option("--scenario", help="Only what offers a site in this scenario.")
@click.option("--blueprints", is_flag=True, help="Tell the blueprints of the levels instead.")
@click.option(
    "--page", "as_page", is_flag=True, help="Print CATALOGUE.md: everything, as Markdown."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def catalog(
    kind: str | None, scenario: str | None, blueprints: bool, as_page: bool, as_json: bool
) -> None:
    """List the kinds of flaw and the decoys, or tell everything about one KIND."""
    from dataclasses import asdict

    from grader import catalog as shelf
    from grader.cli.show import print_json, table
    from grader.generate.exercise import fitting, fitting_decoys

    if as_page:
        click.echo(_page(), nl=False)
        return
    if blueprints:
        rows = [_blueprint(level) for level in ("junior", "mid", "senior")]
        if as_json:
            print_json({"blueprints": rows})
            return
        table([{name: row[name] for name in row if name != "file"} for row in rows])
        click.echo("\nCopy one, change it, and give it to `grader generate --blueprint`:")
        for row in rows:
            click.echo(f"  {row['file']}")
        return
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


def _page() -> str:
    """Return the catalogue as a page, with what fits which scenario."""
    from grader import catalog as shelf
    from grader.generate.exercise import fitting, fitting_decoys
    from grader.scenarios.library import scenario, scenario_names
    from seeded_bugs.catalogue import page

    fits = {name: {*fitting(name), *fitting_decoys(name)} for name in scenario_names()}
    refused = {name: scenario(name).facts.refuses for name in scenario_names()}
    return page(shelf.bugs(), shelf.decoys(), fits, refused)


def _blueprint(level: str) -> dict[str, object]:
    """Return what is told about the blueprint of a level."""
    from grader.generate.blueprint import blueprint_of, shipped

    found = blueprint_of(level)
    counts = {
        "flaws": found.flaws,
        "critical": found.severity.critical,
        "delocalised": found.reach.delocalised,
        "decoys": found.decoys,
        "lines": found.lines,
    }
    shown = {n: str(a) if a == b else f"{a} .. {b}" for n, (a, b) in counts.items()}
    return {"blueprint": found.name, "version": found.version, **shown, "file": str(shipped(level))}
