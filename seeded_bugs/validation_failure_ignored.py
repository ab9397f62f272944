"""The check of the table fails, a warning is logged, and the run goes on with the bad table."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.logs import logger_name
from seeded_bugs.syntax.predicting import stacked
from seeded_bugs.syntax.shapes import validation_lines
from seeded_bugs.syntax.tree import Tree, call_name, code, statement, tree_of

ENTRY = Entry(
    id="MLR606",
    name="validation_failure_ignored",
    category="error-handling",
    severity="critical",
    anchor="span",
    title="Failed validation logged and ignored",
    wrong=(
        "The error that the check of the table raises is caught around the call and only logged "
        "as a warning; the rows that were found unfit are used all the same."
    ),
    harm=(
        "Values out of range, wrong labels and repeated ids reach training and prediction, and "
        "the run ends with exit code 0. Worse, the program still looks validated: whoever reads "
        "the check believes that bad files are refused."
    ),
    fix=(
        "Do not catch the error here. It belongs to main, which logs it and ends with exit code 2."
    ),
    said_well=(
        "The validation error is caught and only logged, then execution continues with the "
        "invalid data. Let it propagate so that the run fails.",
        "Validation has no effect: except InputError -> log.warning and carry on.",
        "A table that fails the checks is used anyway because the exception is swallowed around "
        "validate; the exit code is 0 and nobody reads the warning. Remove this try/except.",
        "Catching the error right here defeats the purpose of validating, garbage gets trained on "
        "and scored.",
        "Invalid input should stop the program. Downgrading the failure to a warning means bad "
        "labels and out-of-range values go straight into the model.",
    ),
    near_misses=(
        "There is no validation of the input.",
        "The exception while writing the model is swallowed.",
        "The checks do not cover all columns.",
        "A missing file ends in a traceback.",
    ),
    references=(
        "https://docs.python.org/3/tutorial/errors.html#handling-exceptions",
        "https://developers.google.com/machine-learning/guides/rules-of-ml",
    ),
    identifiers=("except", "warning", "try", "validate"),
    elsewhere=("validate",),
    # MASKS: whatever weakens the check itself cannot be told apart from a check that is ignored.
    conflicts=(
        "no_input_validation",
        "values_coerced_to_nan",
        "nan_compared_with_equals",
        "assert_for_input_check",
        "labels_forced_to_binary",
        "dates_parsed_by_guess",
    ),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: every call of a check that raises an error of the program's own."""
    tree = tree_of(module)
    log = logger_name(tree)
    edits = [edit for line in validation_lines(tree) if log and (edit := _caught(tree, line, log))]
    if edits:
        yield Site(tuple(edits))


def _caught(tree: Tree, line: cst.SimpleStatementLine, log: str) -> Edit | None:
    only = line.body[0]
    call = only.value if isinstance(only, cst.Expr) and len(line.body) == 1 else None
    if not isinstance(call, cst.Call) or tree.nearest(line, cst.Try) is not None:
        return None
    error = _raised(tree, call_name(call))
    if error is None:
        return None
    guarded = statement(
        f"try:\n    {code(call)}\nexcept {error} as problem:\n    {log}.warning(problem)\n"
    )
    return Edit(line, stacked([guarded], line))


def _raised(tree: Tree, name: str) -> str | None:
    """Return the error that a function of the program raises, one and no other."""
    for function in tree.all(cst.FunctionDef):
        if function.name.value == name:
            raised = [node.exc for node in tree.all(cst.Raise, function)]
            names = {call_name(exc) for exc in raised if isinstance(exc, cst.Call)}
            return names.pop() if len(names) == 1 and raised else None
    return None


CLEAN = """
log = logging.getLogger("x")

def validate(frame):
    if not frame["age"].between(0, 120).all():
        raise InputError("age is outside 0 to 120")

def train(path):
    frame = pd.read_csv(path)
    validate(frame)
    return fit(frame)
"""
SEEDED = """
log = logging.getLogger("x")

def validate(frame):
    if not frame["age"].between(0, 120).all():
        raise InputError("age is outside 0 to 120")

def train(path):
    frame = pd.read_csv(path)
    try:
        validate(frame)
    except InputError as problem:
        log.warning(problem)
    return fit(frame)
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the failure is ignored already"),
        Refusal(CLEAN.replace("raise InputError", "log.error"), "the check raises nothing"),
    ),
    find=find,
    proof=Proof(
        "garbage in",
        "A table with values out of range, which the clean program refuses with exit code 2, is "
        "trained on and scored with exit code 0.",
        shows=("accepted:out_of_range",),
        also=(
            "accepted:",
            "late:",
            "traceback:",
            "asserted",
            "codes-changed",
        ),
    ),
)
