"""A parameter has a list as its default, and the function does nothing but read it."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import DecoyEntry, Edit, Example, Proof, Refusal, SeededDecoy, Site
from seeded_bugs.syntax.shapes import find_columns
from seeded_bugs.syntax.tree import Tree, expression, tree_of

ENTRY = DecoyEntry(
    id="MLD951",
    name="list_default_only_read",
    looks_like="maintainability",
    title="List as the default of a parameter",
    sound_because=(
        "A mutable default is a trap only where the function changes it. Here the list is read and "
        "never changed, appended to or returned, so every call sees the same columns."
    ),
    said_badly=(
        "Mutable default argument: the list is shared between calls, use None instead.",
        "Classic Python bug, a list as default parameter keeps state from call to call.",
        "The default list grows with every call because it is created only once.",
        "Never use lists as default arguments.",
    ),
    excludes=("no_input_validation",),
)
CHECKS = ("validate", "check", "verify")


def find(module: cst.Module) -> Iterator[Site]:
    """A site at each checking function that reads the numeric list, and only in its own body."""
    tree = tree_of(module)
    numeric = find_columns(tree, "NUM")
    for function in tree.all(cst.FunctionDef) if numeric else ():
        uses = [n for n in tree.all(cst.Name, function.body) if numeric and n.value == numeric.name]
        named = any(word in function.name.value.lower() for word in CHECKS)
        if numeric and named and uses and _is_free(tree, function):
            added = Edit(function.params, _with_default(function, numeric.name))
            yield Site((added, *(Edit(use, cst.Name("numeric"), "support") for use in uses)))


def _is_free(tree: Tree, function: cst.FunctionDef) -> bool:
    """Tell whether one more parameter with a default can stand at the end."""
    params = function.params
    return "numeric" not in tree.names(function) and not (
        params.kwonly_params or params.star_kwarg or isinstance(params.star_arg, cst.Param)
    )


def _with_default(function: cst.FunctionDef, columns: str) -> cst.Parameters:
    typed = any(parameter.annotation is not None for parameter in function.params.params)
    hint = cst.Annotation(expression("list[str]")) if typed else None
    tight = cst.SimpleWhitespace("")
    equal = cst.AssignEqual() if typed else cst.AssignEqual(tight, tight)
    added = cst.Param(cst.Name("numeric"), hint, equal, cst.Name(columns))
    return function.params.with_changes(params=[*function.params.params, added])


CLEAN = """
NUM_COLUMNS = ["age", "income"]

def validate(frame, path):
    for name in NUM_COLUMNS:
        if not frame[name].between(0, 9).all():
            raise InputError(name)
"""
SEEDED = """
NUM_COLUMNS = ["age", "income"]

def validate(frame, path, numeric=NUM_COLUMNS):
    for name in numeric:
        if not frame[name].between(0, 9).all():
            raise InputError(name)
"""

DECOY = SeededDecoy(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "the list is a default already"),
        Refusal(CLEAN.replace("validate", "load"), "the function is no check by its name"),
    ),
    find=find,
    refutes=Proof(
        "run to run",
        "Two runs give the same report: nothing is kept from call to call.",
        shows=("same-seed", "no-seed"),
    ),
)
