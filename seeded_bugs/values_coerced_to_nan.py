"""Text in a numeric column becomes a missing value, and nobody hears of it."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.features import derived
from seeded_bugs.syntax.predicting import line_of
from seeded_bugs.syntax.shapes import find_columns
from seeded_bugs.syntax.tree import Tree, call_name, code, tree_of

ENTRY = Entry(
    id="MLR703",
    name="values_coerced_to_nan",
    category="validation",
    severity="major",
    anchor="span",
    title="Unparseable values silently coerced to NaN",
    wrong=(
        'to_numeric(errors="coerce") turns whatever is not a number into NaN, and nobody counts '
        "how many values that were."
    ),
    harm=(
        "A decimal comma, a unit or a shifted column no longer stops the run: the values become "
        "NaN and are imputed, so a wholly broken column is learnt from and scored as if it were "
        "merely incomplete."
    ),
    fix=(
        'Parse with errors="raise", or compare the missing values before and after the '
        "conversion and refuse the file above a limit."
    ),
    said_well=(
        'to_numeric with errors="coerce" silently turns bad values into NaN; count them or raise.',
        "Unparseable text is hidden as missing values here, so the type check below can never "
        "fail and a broken export is imputed away.",
        "Coercing before the check makes the validation pointless: garbage like 'abc' or '12,5' "
        "becomes NaN without any message. Use errors='raise'.",
        "How many values are lost by this coerce? Nobody counts or logs them.",
        "Invalid numbers should be reported and not swallowed by coerce, because the imputer "
        "replaces them with the median afterwards.",
    ),
    near_misses=(
        "Missing values are replaced by zero.",
        "Rows with missing values are dropped.",
        "The dtypes should be passed to read_csv to save memory.",
    ),
    references=("https://pandas.pydata.org/docs/reference/api/pandas.to_numeric.html",),
    identifiers=("to_numeric", "coerce", "errors"),
    elsewhere=("validate", "load"),
    # MASKS: without any check, or with zeros for NaN, nothing is seen of it.
    conflicts=("no_input_validation", "missing_filled_with_zero"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: above the statement that checks whether the columns are numbers."""
    tree = tree_of(module)
    for call in tree.calls("is_numeric_dtype"):
        check = _top_statement(tree, call)
        frame, columns = _frame(tree, call), _columns(tree, check) if check is not None else None
        if check is None or frame is None or columns is None:
            continue
        function = tree.function(call)
        if function is not None and _coerces(tree, function):
            continue
        part = f"{frame}[{columns}]"
        coerced = line_of(f'{part} = {part}.apply(pd.to_numeric, errors="coerce")')
        yield Site((Edit(check, [coerced, check]),))
        return


def _top_statement(
    tree: Tree, call: cst.Call
) -> cst.SimpleStatementLine | cst.BaseCompoundStatement | None:
    """Return the statement of the function's own level that holds the call."""
    function = tree.function(call)
    for above in tree.up(call):
        if (
            isinstance(above, cst.SimpleStatementLine | cst.BaseCompoundStatement)
            and function is not None
            and tree.parent(above) is function.body
        ):
            return above
    return None


def _frame(tree: Tree, call: cst.Call) -> str | None:
    """Return the table that is checked: the first parameter of the function around."""
    function = tree.function(call)
    parameters = function.params.params if function is not None else ()
    return parameters[0].name.value if parameters else None


def _columns(tree: Tree, check: cst.CSTNode) -> str | None:
    """Return the columns: the numeric list, or the table of limits that the check goes through."""
    numeric, made = find_columns(tree, "NUM"), {d.name for d in derived(tree)}
    if numeric is not None and not made & set(numeric.values):
        return numeric.name
    over = check.iter if isinstance(check, cst.For) else None
    if (
        isinstance(over, cst.Call)
        and call_name(over) == "items"
        and isinstance(over.func, cst.Attribute)
        and isinstance(over.func.value, cst.Name)
    ):
        return f"list({code(over.func.value)})"
    return None


def _coerces(tree: Tree, function: cst.FunctionDef) -> bool:
    return any(n.attr.value == "to_numeric" for n in tree.all(cst.Attribute, function))


CLEAN = """
NUM_COLUMNS = ["age", "income"]

def validate(frame):
    for name in NUM_COLUMNS:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            raise InputError(f"{name} holds text")
"""
SEEDED = """
NUM_COLUMNS = ["age", "income"]

def validate(frame):
    frame[NUM_COLUMNS] = frame[NUM_COLUMNS].apply(pd.to_numeric, errors="coerce")
    for name in NUM_COLUMNS:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            raise InputError(f"{name} holds text")
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the values are coerced already"),
        Refusal("NUM_COLUMNS = ['age']\nframe = load()\n", "no check of types is evaded"),
    ),
    find=find,
    proof=Proof(
        "garbage in",
        "Text in a numeric column is refused by the clean program and accepted here.",
        shows=("accepted:text",),
        also=("rows-lost",),
    ),
)
