"""Where a program draws at random: every argument that hands a seed to a step."""

import libcst as cst

from seeded_bugs.syntax.tree import Tree, keyword


def seeded_calls(tree: Tree) -> list[cst.Call]:
    """Return the calls with a ``random_state`` that names the program's seed, in order.

    A literal, a generator object made elsewhere or an arithmetic on the seed is left alone.
    """
    found = []
    for call in tree.calls():
        argument = keyword(call, "random_state")
        if argument is not None and _is_seed(argument.value):
            found.append(call)
    return found


def seed_name(value: cst.BaseExpression) -> str:
    """Return the last part of the name a seed goes by; '' for anything else."""
    if isinstance(value, cst.Name):
        return value.value
    return value.attr.value if isinstance(value, cst.Attribute) else ""


def _is_seed(value: cst.BaseExpression) -> bool:
    return "seed" in seed_name(value).lower()
