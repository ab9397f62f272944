"""Whole rows of people's data go to the log."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.logs import logger_name
from seeded_bugs.syntax.shapes import validation_lines
from seeded_bugs.syntax.tree import Tree, statement, tree_of

ENTRY = Entry(
    id="MLR971",
    name="personal_data_logged",
    category="security",
    severity="major",
    anchor="span",
    title="Rows of personal data written to the log",
    wrong="The first rows of the table, identifiers included, are written to the log.",
    harm=(
        "Logs are kept long, copied widely and read by many: personal data leaves the place "
        "where access is controlled, which breaks data protection rules."
    ),
    fix="Log counts and column names only; never rows or identifiers.",
    said_well=(
        "Rows with personal data are written to the log; log counts only.",
        "Logging frame.head() leaks customer records into the log files.",
        "Privacy: identifiers and personal fields end up in the logs, which are kept and "
        "shipped elsewhere. Remove this line or log the shape only.",
        "PII in logs, a data protection problem.",
        "Do not print real records to the log, anybody with log access can read them.",
    ),
    near_misses=(
        "Too many log lines.",
        "Use logging instead of print.",
        "There is no logging of the results.",
    ),
    references=(
        "https://owasp.org/www-community/vulnerabilities/Insertion_of_Sensitive_Information_into_Log_File",
    ),
    identifiers=(
        "log",
        "info",
        "head",
        "to_dict",
    ),
    elsewhere=(),
    conflicts=(),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site below each validation of a table, where the raw rows are at hand."""
    tree = tree_of(module)
    log = logger_name(tree)
    for line in validation_lines(tree) if log else ():
        frame = _first_argument(line)
        following = tree.after(line)
        if frame and not (following and _shows_rows(tree, following[0])):
            shown = f'{log}.info("first rows: %s", {frame}.head(3).to_dict("records"))'
            yield Site((Edit(line, [line, statement(shown)]),))


def _shows_rows(tree: Tree, line: cst.CSTNode) -> bool:
    return {"head", "to_dict"} <= tree.names(line)


def _first_argument(line: cst.SimpleStatementLine) -> str | None:
    only = line.body[0]
    call = only.value if isinstance(only, cst.Expr | cst.Assign) else None
    if isinstance(call, cst.Call) and call.args and isinstance(call.args[0].value, cst.Name):
        return call.args[0].value.value
    return None


CLEAN = """
log = logging.getLogger("x")

def train(path):
    frame = read(path)
    validate(frame)
"""
SEEDED = """
log = logging.getLogger("x")

def train(path):
    frame = read(path)
    validate(frame)
    log.info("first rows: %s", frame.head(3).to_dict("records"))
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the rows are logged already"),
        Refusal("def train(frame):\n    validate(frame)\n", "the program has no logger"),
    ),
    find=find,
    proof=Proof(
        "output scan",
        "An identifier of the data stands in the log of a run; in the clean run none does.",
        shows=("personal-data",),
    ),
)
