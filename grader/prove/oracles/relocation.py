"""Relocation: the program is run from elsewhere, and without being told where things are."""

import ast

from grader.prove.finding import Finding, Oracle
from grader.prove.trial import Trial

BARE = ("relocated/bare", "relocated/no-data", "relocated/no-out")


def find(trial: Trial) -> list[Finding]:
    """Return absolute places that the program goes to by itself, and a move that breaks it."""
    found = [
        Finding(
            "absolute-path",
            (*event["lines"], *_lines_naming(trial.program, event["path"])),
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


def _lines_naming(program: str, path: str) -> list[int]:
    """Return the lines of the texts in a program that are a path or the beginning of it."""
    found = []
    for node in ast.walk(ast.parse(program)):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and len(text) > 1 and text[0] == "/" and path.startswith(text):
            found.append(node.lineno)  # type: ignore[attr-defined]
    return found


ORACLE = Oracle(
    "relocation",
    ("repeat", "relocated"),
    find,
    "run from another directory it does the same, and it goes to no absolute place by itself",
)
