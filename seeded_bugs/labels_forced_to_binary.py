"""Every label that is not 1 is made 0 just before the labels are checked."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.predicting import stacked_above
from seeded_bugs.syntax.target import target_name
from seeded_bugs.syntax.tree import Tree, code, statement, tree_of

ENTRY = Entry(
    id="MLR707",
    name="labels_forced_to_binary",
    category="validation",
    severity="major",
    anchor="span",
    title="Unknown labels silently become the negative class",
    wrong=(
        "Before the check of the target runs, the target is replaced by (target == 1): whatever is "
        "not 1, a missing label included, becomes 0. The check below can never fail."
    ),
    harm=(
        "Rows that have no label yet, or a code such as 2, 9 or -1, are learnt and scored as "
        "negatives. The rare class gets rarer, the model learns from wrong labels, and the program "
        "looks as if labels were validated."
    ),
    fix="Check the labels as they come and refuse anything but 0 and 1; convert afterwards.",
    said_well=(
        "Labels are coerced with == 1 before they are validated, so missing or unexpected values "
        "silently become class 0. Validate the raw labels first.",
        "Any label other than 1 is turned into 0, NaN included.",
        "The target check is useless because the column has been forced to 0/1 one line above; "
        "unlabelled rows end up as negatives in the training data.",
        "Unknown target codes must raise an error instead of being mapped to the negative class.",
        "If the export delivers 'yes'/'no' or NaN in the target, this turns every row into 0 "
        "without any message.",
    ),
    near_misses=(
        "The target is imbalanced.",
        "The label column has the wrong dtype.",
        "There is no validation at all.",
        "Missing feature values are filled with zero.",
    ),
    references=(
        "https://developers.google.com/machine-learning/data-prep/construct/collect/label-sources",
    ),
    identifiers=("astype", "int", "isin"),
    elsewhere=("validate",),
    # MASKS: no check is left whose silence would show it.
    conflicts=("no_input_validation", "validation_failure_ignored"),
)
CHECKS = ("validate", "check", "verify")


def find(module: cst.Module) -> Iterator[Site]:
    """One site: above the check that the target holds 0 and 1, in the same function."""
    tree = tree_of(module)
    target = target_name(tree)
    for function in tree.all(cst.FunctionDef) if target else ():
        if not any(word in function.name.value.lower() for word in CHECKS):
            continue
        for node in function.body.body:
            edit = _forced(tree, function, node, target or "")
            if edit is not None:
                yield Site((edit,))
                return


def _forced(tree: Tree, function: cst.FunctionDef, node: cst.CSTNode, target: str) -> Edit | None:
    """Return the edit at an ``if`` that checks the labels when there should be some."""
    if not isinstance(node, cst.If) or not _is_binary(tree, node, target):
        return None
    frame = function.params.params[0].name.value if function.params.params else ""
    forced = f"{frame}[{target}] = ({frame}[{target}] == 1).astype(int)"
    if forced in code(function):
        return None
    if target not in tree.names(node.test):
        first = node.body.body[0]
        assert isinstance(first, cst.BaseStatement)
        return Edit(first, [statement(forced), first])
    asked = node.test.left if isinstance(node.test, cst.BooleanOperation) else None
    if not isinstance(asked, cst.Name):
        return None
    made = statement(f"if {asked.value}:\n    {forced}\n")
    return Edit(node, stacked_above(made, node))


def _is_binary(tree: Tree, node: cst.If, target: str) -> bool:
    """Tell whether 0 and 1 are what the labels are compared with."""
    values = [_texts(group) for group in tree.all(cst.List, node)]
    values += [_texts(group) for group in tree.all(cst.Tuple, node)]
    return target in tree.names(node) and ["0", "1"] in values


def _texts(group: cst.List | cst.Tuple) -> list[str]:
    return [code(element.value) for element in group.elements]


CLEAN = """
TARGET = "left"

def validate(frame, training):
    faults = []
    if training:
        if not frame[TARGET].isin([0, 1]).all():
            faults.append("labels other than 0 and 1")
    return faults
"""
SEEDED = """
TARGET = "left"

def validate(frame, training):
    faults = []
    if training:
        frame[TARGET] = (frame[TARGET] == 1).astype(int)
        if not frame[TARGET].isin([0, 1]).all():
            faults.append("labels other than 0 and 1")
    return faults
"""
SHORT = """
TARGET = "left"

def validate(frame, training):
    if training and not frame[TARGET].isin([0, 1]).all():
        raise InputError("labels other than 0 and 1")
"""
FORCED = """
TARGET = "left"

def validate(frame, training):
    if training:
        frame[TARGET] = (frame[TARGET] == 1).astype(int)
    if training and not frame[TARGET].isin([0, 1]).all():
        raise InputError("labels other than 0 and 1")
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(SHORT, FORCED)),
    refuses=(
        Refusal(SEEDED, "the labels are forced already"),
        Refusal(CLEAN.replace("[0, 1]", "TEAMS"), "there are more than two labels"),
    ),
    find=find,
    proof=Proof(
        "garbage in",
        "A training table with labels 2 or missing labels is refused by the clean program and "
        "accepted here, those rows counted as the negative class.",
        shows=("accepted:unknown_label", "accepted:missing_label"),
    ),
)
