"""Whole rows of people's data go to the log."""

import re
from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.logs import logger_name
from seeded_bugs.syntax.shapes import checked_frame, validation_lines
from seeded_bugs.syntax.tree import Tree, statement, string, tree_of

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

# What a column's name says of the people behind the rows, or of what they wrote.
PEOPLE = re.compile(
    r"applicant|body|borrower|caller|card|claimant|client|customer|donor|driver|"
    r"email|employee|guest|holder|household|member|nurse|operator|passenger|patient|"
    r"person|phone|policyholder|pupil|reader|rider|student|subscriber|surname|"
    r"technician|tenant|traveller|user|visitor|worker"
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site below each validation of a table of people, where the raw rows are at hand."""
    tree = tree_of(module)
    log = logger_name(tree)
    for line in validation_lines(tree) if log and _is_of_people(tree) else ():
        frame = checked_frame(line)
        following = tree.after(line)
        if frame and not (following and _shows_rows(tree, following[0])):
            shown = f'{log}.info("first rows: %s", {frame}.head(3).to_dict("records"))'
            yield Site((Edit(line, [line, statement(shown)]),))


def _is_of_people(tree: Tree) -> bool:
    """Tell whether a column that the program names is about a person: ``customer_id``."""
    names = {string(node) or "" for node in tree.all(cst.SimpleString)}
    parts = {part for name in names if name.isidentifier() for part in name.split("_")}
    return any(PEOPLE.fullmatch(part) for part in parts)


def _shows_rows(tree: Tree, line: cst.CSTNode) -> bool:
    return {"head", "to_dict"} <= tree.names(line)


CLEAN = """
log = logging.getLogger("x")
ID = "customer_id"

def train(path):
    frame = read(path)
    validate(frame)
"""
SEEDED = """
log = logging.getLogger("x")
ID = "customer_id"

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
        Refusal(
            'ID = "user_id"\n\ndef train(frame):\n    validate(frame)\n',
            "the program has no logger",
        ),
        Refusal(CLEAN.replace("customer_id", "machine_id"), "the rows are not about people"),
    ),
    find=find,
    proof=Proof(
        "output scan",
        "An identifier of the data stands in the log of a run; in the clean run none does.",
        shows=("personal-data",),
    ),
)
