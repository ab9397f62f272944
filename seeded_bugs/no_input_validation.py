"""The table goes straight from the file into the features; nobody looks at it first."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.shapes import validation_lines
from seeded_bugs.syntax.tree import Tree, call_name, tree_of

ENTRY = Entry(
    id="MLR701",
    name="no_input_validation",
    category="validation",
    severity="major",
    anchor="absence",
    title="Input is never validated",
    wrong=(
        "The table is used as it comes out of the file: neither its columns nor the types and "
        "ranges of its values are checked."
    ),
    harm=(
        "A negative amount or an impossible temperature is learnt from and scored like any other "
        "value, with exit code 0. A renamed column fails late, with a KeyError far from its cause."
    ),
    fix=(
        "Right after loading, check required columns, types, ranges and labels, and refuse the "
        "file with one message that names every fault."
    ),
    said_well=(
        "There is no validation of the input data: columns, dtypes and value ranges are never "
        "checked, so garbage goes straight into the model. Add a schema check after loading.",
        "No schema check after read_csv; a missing column only shows up later as a KeyError.",
        "Impossible values (negative counts, amounts far outside the range) are accepted without "
        "complaint, because nothing validates the table before it is used.",
        "Input validation missing - both train and predict trust the file blindly.",
        "Check types and ranges of the incoming data and fail with a clear error, otherwise a "
        "broken export silently yields wrong predictions.",
    ),
    near_misses=(
        "A missing file is not handled.",
        "Missing values are all replaced by zero.",
        "The model's score is never validated by cross-validation.",
    ),
    references=("https://pandera.readthedocs.io/en/stable/",),
    identifiers=("validate", "schema", "dtypes", "isin", "between"),
    elsewhere=("load", "serve"),
    # MASKS: where nothing is checked, no check can be wrong or in vain.
    conflicts=("values_coerced_to_nan", "nan_compared_with_equals"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: every call of the program's own check goes, and its function with them."""
    tree = tree_of(module)
    found = _checks(tree)
    lines, names = [line for line, _ in found], {name for _, name in found}
    checks = [f for f in tree.all(cst.FunctionDef) if f.name.value in names]
    if len(checks) != 1 or any(len(tree.block(line)) < 2 for line in lines):
        return
    (check,) = checks
    calls = [c for c in tree.calls(check.name.value) if not tree.is_below(c, check)]
    if len(calls) == len(lines):
        removed = tuple(Edit(line, None) for line in lines)
        yield Site((*removed, Edit(check, None, "support")))


def _checks(tree: Tree) -> list[tuple[cst.SimpleStatementLine, str]]:
    """Return the lines that are one call of a check, its result unused, and the check's name."""
    found = []
    for line in validation_lines(tree):
        only = line.body[0]
        if len(line.body) == 1 and isinstance(only, cst.Expr) and isinstance(only.value, cst.Call):
            found.append((line, call_name(only.value)))
    return found


CLEAN = """
def validate(frame):
    if not frame["age"].between(0, 120).all():
        raise InputError("age is outside 0 to 120")


def train(path):
    frame = pd.read_csv(path)
    validate(frame)
    return frame
"""
SEEDED = """


def train(path):
    frame = pd.read_csv(path)
    return frame
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "no check is left"),
        Refusal("check_is_fitted(model)\n", "the check is a library's, not of the input"),
    ),
    find=find,
    proof=Proof(
        "garbage in",
        "A value far outside its range is refused by the clean program and accepted here.",
        shows=("accepted:out_of_range",),
        also=(
            "accepted:",
            "late:",
            "traceback:",
            "codes-changed",
        ),
    ),
)
