"""Relocation: the program is run from elsewhere, and without being told where things are."""

from grader.prove.finding import Finding, Oracle
from grader.prove.trial import Trial

BARE = ("relocated/bare", "relocated/no-data", "relocated/no-out")


def find(trial: Trial) -> list[Finding]:
    """Return absolute places that the program goes to by itself, and a move that breaks it."""
    found = [
        Finding(
            "absolute-path",
            tuple(event["lines"]),
            f"without being told, the program goes to {event['path']}",
        )
        for name in BARE
        for event in trial.run(name).outside
    ]
    moved = trial.run("repeat/2")
    if not moved.sound:
        last = (moved.stderr.strip() or "no output").splitlines()[-1]
        found.append(Finding("moved-fails", (), f"run from another directory it ends with: {last}"))
    unique = {(f.aspect, f.observed): f for f in found}
    return list(unique.values())


ORACLE = Oracle(
    "relocation",
    ("repeat", "relocated"),
    find,
    "run from another directory it does the same, and it goes to no absolute place by itself",
)
