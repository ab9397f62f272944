"""How the program turns categories into columns: its one-hot encoder."""

import libcst as cst

from seeded_bugs.contract import Edit
from seeded_bugs.syntax.imports import swap_import
from seeded_bugs.syntax.tree import Tree, expression

CODES = 'OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)'


def find_encoder(tree: Tree) -> cst.Call | None:
    """Return the call that makes the one-hot encoder; None unless there is just one."""
    calls = tree.calls("OneHotEncoder")
    return calls[0] if len(calls) == 1 else None


def coded(tree: Tree) -> tuple[Edit, ...] | None:
    """Return the edits that number the categories instead; None without an encoder."""
    encoder = find_encoder(tree)
    if encoder is None:
        return None
    imports = swap_import(tree, "sklearn.preprocessing", "OneHotEncoder", "OrdinalEncoder", gone=1)
    return (Edit(encoder, expression(CODES)), *imports)
