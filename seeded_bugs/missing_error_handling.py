"""The input file is read as if it were always there and always a table."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.tree import tree_of

ENTRY = Entry(
    id="MLR602",
    name="missing_error_handling",
    category="error-handling",
    severity="major",
    anchor="absence",
    title="No handling of an unreadable input file",
    wrong=("read_csv is called without any handling of a file that is missing, empty or not CSV."),
    harm=(
        "An empty or malformed export ends the run with a raw pandas traceback. It does not say "
        "which file is at fault or what to do, and callers cannot tell it from a crash."
    ),
    fix=(
        "Catch FileNotFoundError, EmptyDataError and ParserError around read_csv and turn them "
        "into one clear message with the path and a defined exit code."
    ),
    said_well=(
        "No error handling around read_csv: a missing or empty file ends in a raw traceback. "
        "Catch the error and report the path.",
        "What happens if the CSV is malformed? Nothing catches the ParserError, so the user sees "
        "a stack trace instead of a message.",
        "read_csv is not wrapped in try/except, therefore an unreadable input crashes the job "
        "without saying which file was bad; handle FileNotFoundError and EmptyDataError.",
        "Missing exception handling when loading the data.",
        "The load step needs a guard for a file that does not exist or cannot be parsed, with a "
        "clear message and exit code.",
    ),
    near_misses=(
        "The columns of the table are not validated after loading.",
        "The except block hides the failure.",
        "The path of the input is hard-coded.",
    ),
    references=(
        "https://pandas.pydata.org/docs/reference/api/pandas.errors.EmptyDataError.html",
        "https://docs.python.org/3/tutorial/errors.html#handling-exceptions",
    ),
    identifiers=("read_csv", "try", "except", "FileNotFoundError"),
    elsewhere=("load",),
    # SAME LINE: both rewrite the call of read_csv.
    conflicts=("hardcoded_path",),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site at each ``try`` around ``read_csv``: what it guards stays, bare."""
    tree = tree_of(module)
    for node in tree.all(cst.Try):
        if tree.calls("read_csv", within=node.body) and not (node.orelse or node.finalbody):
            body = node.body.body
            bare = [s for s in body if isinstance(s, cst.BaseStatement)]
            if isinstance(node.body, cst.IndentedBlock) and len(bare) == len(body):
                first = bare[0].with_changes(leading_lines=node.leading_lines)
                yield Site((Edit(node, [first, *bare[1:]]),))


CLEAN = """
def load(path):
    try:
        frame = pd.read_csv(path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except pd.errors.EmptyDataError as error:
        raise InputError(f"{path}: empty") from error
    return frame
"""
SEEDED = """
def load(path):
    frame = pd.read_csv(path)
    return frame
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "nothing guards the call any more"),
        Refusal("def load(path):\n    return pd.read_csv(path)\n", "the call was never guarded"),
    ),
    find=find,
    proof=Proof(
        "fault in",
        "An empty input file ends with a traceback; the clean program names the file and ends "
        "with exit code 2.",
        shows=("traceback:empty_file", "traceback:missing_file"),
        also=("traceback:",),
    ),
)
