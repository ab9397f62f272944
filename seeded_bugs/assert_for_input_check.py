"""Input is checked by assert: gone under -O, and a traceback instead of a message without it."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.tree import Tree, call_name, code, statement, tree_of

ENTRY = Entry(
    id="MLR607",
    name="assert_for_input_check",
    category="error-handling",
    severity="minor",
    anchor="span",
    title="assert used to check input data",
    wrong=(
        "The check of the table ends in assert statements instead of raising the program's own "
        "error for unusable input."
    ),
    harm=(
        "Under python -O the assertions are not executed, so faulty tables pass. Without -O the "
        "AssertionError is not what main catches: the user gets a traceback and exit code 1 "
        "instead of one clear line and exit code 2."
    ),
    fix="Raise the program's input error; keep assert for what can only be a bug in the code.",
    said_well=(
        "assert is used for input validation; with python -O it is stripped and invalid data goes "
        "through. Raise the input error instead.",
        "Don't use assert to validate data, raise an exception.",
        "The AssertionError is not caught in main, so bad input ends with a traceback rather than "
        "a clean message and exit code 2.",
        "Runtime checks on user input must not be assertions because optimised mode removes them.",
        "These asserts vanish under -O (PYTHONOPTIMIZE), which silently turns the validation off "
        "in production. Use if ...: raise.",
    ),
    near_misses=(
        "There is no validation of the input.",
        "The error message does not name the file.",
        "There are no unit tests for the validation.",
        "The exception is too broad.",
    ),
    references=(
        "https://docs.python.org/3/reference/simple_stmts.html#the-assert-statement",
        "https://docs.astral.sh/ruff/rules/assert/",
    ),
    identifiers=("assert", "AssertionError"),
    elsewhere=("validate",),
    # MASKS: no check is left to be weak.
    conflicts=("no_input_validation",),
)
OPPOSITES: dict[type[cst.BaseCompOp], str] = {
    cst.LessThan: ">=",
    cst.LessThanEqual: ">",
    cst.GreaterThan: "<=",
    cst.GreaterThanEqual: "<",
    cst.Equal: "!=",
    cst.NotEqual: "==",
}
CHECKS = ("validate", "check", "verify")


def find(module: cst.Module) -> Iterator[Site]:
    """A site for each checking function: its plain ``if fault: raise Error(message)``."""
    tree = tree_of(module)
    for function in tree.all(cst.FunctionDef):
        if not any(word in function.name.value.lower() for word in CHECKS):
            continue
        edits = [edit for node in tree.all(cst.If, function) if (edit := _asserted(tree, node))]
        if edits:
            yield Site(tuple(edits))


def _asserted(tree: Tree, node: cst.If) -> Edit | None:
    """Return the edit of an ``if`` that does nothing but raise; None for any other."""
    body = node.body.body
    line = body[0] if len(body) == 1 else None
    raised = line.body[0] if isinstance(line, cst.SimpleStatementLine) else None
    error = raised.exc if isinstance(raised, cst.Raise) else None
    if not isinstance(error, cst.Call) or len(error.args) != 1 or node.orelse is not None:
        return None
    if isinstance(tree.parent(node), cst.If) or not call_name(error):
        return None
    made = statement(f"assert {_denied(node.test)}, {code(error.args[0].value)}")
    return Edit(node, made.with_changes(leading_lines=node.leading_lines))


def _denied(test: cst.BaseExpression) -> str:
    """Return the text of the opposite of a condition."""
    if isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
        (target,) = test.comparisons
        other = OPPOSITES.get(type(target.operator))
        if other is not None:
            return f"{code(test.left)} {other} {code(target.comparator)}"
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        return code(test.expression)
    loose = isinstance(test, cst.BooleanOperation | cst.IfExp | cst.Lambda) and not test.lpar
    return f"not ({code(test)})" if loose else f"not {code(test)}"


CLEAN = """
def validate(frame, path):
    faults = [name for name in COLUMNS if name not in frame]
    if faults or frame.empty:
        raise InputError(f"{path}: {faults}")
    if not frame["age"].between(0, 120).all():
        raise InputError("age is outside 0 to 120")
    if len(frame) < MIN_ROWS:
        raise InputError("too few rows")
"""
SEEDED = """
def validate(frame, path):
    faults = [name for name in COLUMNS if name not in frame]
    assert not (faults or frame.empty), f"{path}: {faults}"
    assert frame["age"].between(0, 120).all(), "age is outside 0 to 120"
    assert len(frame) >= MIN_ROWS, "too few rows"
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the input is asserted already"),
        Refusal(CLEAN.replace("validate", "load"), "the function is no check by its name"),
    ),
    find=find,
    proof=Proof(
        "garbage in",
        "Under python -O a table with values out of range is accepted with exit code 0; the clean "
        "program refuses it with exit code 2, with and without -O.",
    ),
)
