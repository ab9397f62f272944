"""A password stands in the source."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.imported import require
from seeded_bugs.syntax.logs import logger_name
from seeded_bugs.syntax.tree import assignment, statement, target_names, tree_of

ENTRY = Entry(
    id="MLR972",
    name="secret_in_source",
    category="security",
    severity="major",
    anchor="span",
    title="Password in the source code",
    wrong="The password of a service is written into the program.",
    harm=(
        "Everybody who can read the repository, its history or a copy of the script has the "
        "password; it cannot be changed without a new release."
    ),
    fix="Read it from the environment or a secret store, and change the one that was exposed.",
    said_well=(
        "A password is hard-coded in the source; read it from the environment or a vault "
        "and rotate it.",
        "Credentials in the code. Never commit secrets.",
        "The tracking password stands here in plain text, so anyone with access to the "
        "repository can use it; move it to a secret store.",
        "Secret in source control, rotate it and load it from an environment variable.",
        "Plain-text token checked in: security issue.",
    ),
    near_misses=(
        "The environment variable should be documented.",
        "Absolute path in the code.",
        "Personal data is logged.",
    ),
    references=("https://cwe.mitre.org/data/definitions/798.html",),
    identifiers=(
        "os",
        "environ",
        "PASSWORD",
    ),
    elsewhere=(),
    conflicts=(),
)

LINE = 'os.environ["MLFLOW_TRACKING_PASSWORD"] = "hV7!rq2Lm-prod"'


def find(module: cst.Module) -> Iterator[Site]:
    """One site: beside the logger, among the settings of the module."""
    tree = tree_of(module)
    log = logger_name(tree)
    for line in module.body:
        assign = assignment(line)
        if log and assign is not None and target_names(assign) == [log]:
            if LINE not in tree.text:
                imports = require(tree, "import os")
                assert isinstance(line, cst.SimpleStatementLine)
                yield Site((Edit(line, [line, statement(LINE)]), *imports))
            return


CLEAN = """
import logging

log = logging.getLogger("x")
"""
SEEDED = """
import logging
import os

log = logging.getLogger("x")
os.environ["MLFLOW_TRACKING_PASSWORD"] = "hV7!rq2Lm-prod"
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the password is there already"),
        Refusal("import os\n", "there is no logger to stand beside"),
    ),
    find=find,
    proof=Proof(
        "static",
        "A string is assigned to a name that holds PASSWORD; in the clean program none is.",
        shows=("secret",),
    ),
)
