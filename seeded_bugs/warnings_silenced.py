"""Every warning of every library is switched off for the whole run."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.predicting import line_of
from seeded_bugs.syntax.tree import Tree, assignment, call_name, code, tree_of

ENTRY = Entry(
    id="MLR604",
    name="warnings_silenced",
    category="error-handling",
    severity="minor",
    anchor="span",
    title="All warnings silenced",
    wrong='warnings.filterwarnings("ignore") switches off all warnings of all libraries.',
    harm=(
        "A fit that does not converge, an undefined metric, a model file of another scikit-learn "
        "version or an assignment without effect goes by unseen."
    ),
    fix=(
        "Mend the cause of a warning, or filter the one known warning by category and module and "
        "say why."
    ),
    said_well=(
        "All warnings are ignored, so a ConvergenceWarning or a version mismatch would never be "
        "seen; filter only the specific warning.",
        'Do not use a blanket warnings.filterwarnings("ignore").',
        "Globally suppressing warnings hides real problems such as non-convergence or deprecated "
        "calls. Fix the cause or narrow the filter to one category.",
        "Why are the warnings silenced? Remove this line and deal with what shows up.",
        "This filter is too broad because it mutes every library for the whole process; pass "
        "category= and module=.",
    ),
    near_misses=(
        "The logging level is too high, so info messages are lost.",
        "The exception is swallowed by the except block.",
        "The unused import of warnings should go.",
    ),
    references=("https://docs.python.org/3/library/warnings.html#the-warnings-filter",),
    identifiers=("filterwarnings", "simplefilter", "warnings"),
    # MASKS: the warning that pandas gives at a chained assignment.
    conflicts=("chained_assignment",),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: below the module's logger, or where there is none as the first line of ``main``."""
    tree = tree_of(module)
    plain = [s for s in module.body if _is_plain_import(s)]
    if not plain or "filterwarnings" in tree.names() or "simplefilter" in tree.names():
        return
    silenced = line_of('warnings.filterwarnings("ignore")')
    last = _standard(plain)
    known = any("warnings" in code(s) for s in plain)
    imported = () if known else (Edit(last, [last, line_of("import warnings")], "support"),)
    for line in module.body:
        assign = assignment(line)
        made = assign.value if assign is not None else None
        if isinstance(made, cst.Call) and call_name(made) == "getLogger":
            yield Site((Edit(line, [line, silenced]), *imported))
            return
    first = _first_of_main(tree)
    if first is not None:
        yield Site((Edit(first, [silenced, first]), *imported))


def _is_plain_import(line: cst.CSTNode) -> bool:
    return isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Import)


def _standard(
    plain: list[cst.SimpleStatementLine | cst.BaseCompoundStatement],
) -> cst.BaseStatement:
    """Return the last plain import of the first group, which is the standard library's."""
    group = [plain[0]]
    for line in plain[1:]:
        if line.leading_lines:
            break
        group.append(line)
    return group[-1]


def _first_of_main(tree: Tree) -> cst.SimpleStatementLine | None:
    """Return the first line of ``main`` that is no docstring."""
    mains = [f for f in tree.all(cst.FunctionDef) if f.name.value == "main"]
    for line in mains[0].body.body if mains else ():
        if isinstance(line, cst.SimpleStatementLine):
            only = line.body[0]
            if not (isinstance(only, cst.Expr) and isinstance(only.value, cst.SimpleString)):
                return None if line.leading_lines else line
    return None


CLEAN = """
import logging
import sys

import pandas as pd

log = logging.getLogger("app")

def main():
    return run()
"""
SEEDED = """
import logging
import sys
import warnings

import pandas as pd

log = logging.getLogger("app")
warnings.filterwarnings("ignore")

def main():
    return run()
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the warnings are silenced already"),
        Refusal("x = 1\n", "nothing is imported"),
    ),
    find=find,
    proof=Proof(
        "static",
        "A filter without category or module ignores all warnings; in the clean program there is "
        "none.",
        shows=("silenced",),
    ),
)
