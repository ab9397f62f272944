"""to_numeric with errors="coerce" whose new NaNs are counted, and refused."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.limits import find_limits
from seeded_bugs.syntax.shapes import validation_lines
from seeded_bugs.syntax.tree import Tree, call_name, code, statements, tree_of

ENTRY = DecoyEntry(
    id="MLD703",
    name="coerced_and_refused",
    looks_like="validation",
    title='errors="coerce" whose NaNs are counted and refused',
    sound_because=(
        "The values that could not be read as numbers are told apart from those that were missing "
        "before, and a single one ends the run with an error that names column and count. The "
        "converted column is used for this check alone."
    ),
    said_badly=(
        'errors="coerce" silently turns unreadable values into NaN.',
        "Text in the number column is hidden and imputed later. Let to_numeric raise.",
        "Bad values are lost without a message.",
        "to_numeric with coerce hides data problems, nobody sees how many values were lost.",
    ),
    excludes=("values_coerced_to_nan", "no_input_validation", "swallowed_exception"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site a validating line, whose function raises an error of the program's own."""
    tree = tree_of(module)
    limits = find_limits(tree)
    for line in validation_lines(tree) if limits else ():
        only = line.body[0]
        call = only.value if isinstance(only, cst.Expr) else None
        if not isinstance(call, cst.Call) or not call.args:
            continue
        frame, error = call.args[0].value, _error(tree, call_name(call))
        column = limits[0].column
        done = any("to_numeric" in code(following) for following in tree.after(line)[:1])
        if not isinstance(frame, cst.Name) or error is None or done:
            continue
        added = statements(
            f'numbers = pd.to_numeric({frame.value}["{column}"], errors="coerce")\n'
            f'unreadable = (numbers.isna() & {frame.value}["{column}"].notna()).sum()\n'
            f"if unreadable:\n"
            f'    raise {error}(f"{column}: {{unreadable}} values are not numbers")\n'
        )
        yield Site((Edit(line, [line, *added]),))


def _error(tree: Tree, name: str) -> str | None:
    """Return the error that the function of this name raises with a message."""
    for function in tree.all(cst.FunctionDef):
        if function.name.value == name:
            for raised in tree.all(cst.Raise, function):
                if isinstance(raised.exc, cst.Call) and isinstance(raised.exc.func, cst.Name):
                    return raised.exc.func.value
    return None


CLEAN = """
NUM_COLUMNS = ["tenure", "charge"]
LIMITS = {"tenure": 600}

def validate(frame):
    if frame.empty:
        raise InputError("no rows")

def train(path):
    frame = pd.read_csv(path)
    validate(frame)
    return frame
"""
SEEDED = """
NUM_COLUMNS = ["tenure", "charge"]
LIMITS = {"tenure": 600}

def validate(frame):
    if frame.empty:
        raise InputError("no rows")

def train(path):
    frame = pd.read_csv(path)
    validate(frame)
    numbers = pd.to_numeric(frame["tenure"], errors="coerce")
    unreadable = (numbers.isna() & frame["tenure"].notna()).sum()
    if unreadable:
        raise InputError(f"tenure: {unreadable} values are not numbers")
    return frame
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED.replace("    validate(frame)\n", ""), "nothing is validated by name"),
        Refusal(CLEAN.replace('raise InputError("no rows")', "return"), "no error to raise"),
    ),
    find=find,
    refutes=Proof(
        "garbage in",
        "Text in the number column ends the run with a clear error.",
        shows=("accepted:text",),
    ),
)
