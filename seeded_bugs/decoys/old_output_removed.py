"""An old output file is removed before the new one is written; that there is none is no fault."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.predicting import stacked
from seeded_bugs.syntax.tree import Tree, code, statement, tree_of

ENTRY = DecoyEntry(
    id="MLD602",
    name="old_output_removed",
    looks_like="error-handling",
    title="FileNotFoundError passed over when an old file is removed",
    sound_because=(
        "Only FileNotFoundError is passed over, and only for the removal: where there is no old "
        "file, there is nothing to remove. Every other error, and every error of the writing that "
        "follows, is raised as before."
    ),
    said_badly=(
        "The exception is swallowed, so a failure while writing the predictions goes unnoticed.",
        "except ... pass hides errors, log the exception and re-raise it.",
        "Silent failure: the missing file is ignored and the program carries on with no data.",
        "If the file is missing nobody hears of it because the error is passed over.",
        "Bare pass in an except block is an anti-pattern and masks bugs.",
    ),
    excludes=("swallowed_exception", "hardcoded_path"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site at each line that writes a table to a path."""
    tree = tree_of(module)
    for call in tree.calls("to_csv"):
        line, target = tree.statement(call), _path(call)
        if not isinstance(line, cst.SimpleStatementLine) or target is None:
            continue
        if tree.nearest(line, cst.Try) is None and not _is_removed(tree, line):
            removal = statement(
                f"try:\n    {target}.unlink()\nexcept FileNotFoundError:\n    pass\n"
            )
            yield Site((Edit(line, stacked([removal, line], line)),))


def _path(call: cst.Call) -> str | None:
    """Return the text of a path that is joined with ``/`` or has a name."""
    where = call.args[0].value if call.args and call.args[0].keyword is None else None
    if isinstance(where, cst.BinaryOperation) and isinstance(where.operator, cst.Divide):
        return f"({code(where)})"
    return where.value if isinstance(where, cst.Name) and "path" in where.value else None


def _is_removed(tree: Tree, line: cst.SimpleStatementLine) -> bool:
    above = tree.before(line)
    return bool(above) and "unlink" in tree.names(above[-1])


CLEAN = """
def write(table, out):
    table.to_csv(out / "predictions.csv", index=False)
"""
SEEDED = """
def write(table, out):
    try:
        (out / "predictions.csv").unlink()
    except FileNotFoundError:
        pass
    table.to_csv(out / "predictions.csv", index=False)
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the old file is removed already"),
        Refusal('table.to_csv("predictions.csv")\n', "a text has no unlink"),
    ),
    find=find,
    refutes=Proof(
        "fault in",
        "With the place of the predictions blocked, the run does not end with exit code 0.",
        shows=("swallowed", "defaulted"),
    ),
)
