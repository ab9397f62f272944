"""What the program learns: its labels, the kind of task, and where its seed is at hand."""

import libcst as cst

from seeded_bugs.syntax.shapes import Split, metric_calls
from seeded_bugs.syntax.tree import Scope, Tree, assignment, call_name, code, keyword, string


def is_classification(tree: Tree) -> bool:
    """Tell whether the program asks its model for probabilities of classes."""
    texts = {string(node) for node in tree.all(cst.SimpleString)}
    return "predict_proba" in texts or bool(tree.calls("predict_proba"))


def has_several_classes(tree: Tree) -> bool:
    """Tell whether a score is averaged over classes, as there are more than two."""
    averages = [keyword(call, "average") for call in metric_calls(tree)]
    return any(a is not None and string(a.value) != "binary" for a in averages)


def find_labels(tree: Tree, split: Split) -> str | None:
    """Return the text of the labels of all rows just above the split.

    ``y`` where the split is given them apart; ``frame[TARGET]`` where the parts of the frame give
    them later; None where it cannot be told.
    """
    given = [a.value for a in split.call.args if a.keyword is None]
    if call_name(split.call) == "train_test_split" and len(given) > 1:
        return given[1].value if isinstance(given[1], cst.Name) else None
    for fit in tree.calls("fit", within=split.scope):
        if len(fit.args) < 2 or not isinstance(fit.args[1].value, cst.Name):
            continue
        for bound, value in bindings(tree, split.scope):
            if (
                bound == fit.args[1].value.value
                and isinstance(value, cst.Subscript)
                and isinstance(value.value, cst.Name)
                and value.value.value in split.targets
            ):
                return split.frame + code(value)[len(value.value.value) :]
    return None


def is_fed_whole(tree: Tree, split: Split) -> bool:
    """Tell whether a part that comes out of the split goes into ``fit`` as it is."""
    first = [fit.args[0].value for fit in tree.calls("fit", within=split.scope) if fit.args]
    return any(isinstance(node, cst.Name) and node.value in split.targets for node in first)


def find_seed(tree: Tree, split: Split) -> str | None:
    """Return the expression of the seed in the scope that splits; None where there is none.

    What some step there is seeded with, or else a parameter that is called a seed.
    """
    for call in tree.calls(within=split.scope):
        seed = keyword(call, "random_state")
        if seed is not None and isinstance(seed.value, cst.Name | cst.Attribute):
            return code(seed.value)
    if not isinstance(split.scope, cst.FunctionDef):
        return None
    given = [parameter.name.value for parameter in split.scope.params.params]
    return next((name for name in given if "seed" in name.lower()), None)


def is_random(split: Split) -> bool:
    """Tell whether the rows are parted by lot."""
    shuffle = keyword(split.call, "shuffle")
    in_order = shuffle is not None and code(shuffle.value) == "False"
    return call_name(split.call) == "train_test_split" and not in_order


def bindings(tree: Tree, scope: Scope) -> list[tuple[str, cst.BaseExpression]]:
    """Return the plain names that are bound in a scope and what to, pairs taken apart."""
    found = []
    for line in tree.all(cst.SimpleStatementLine, scope):
        assign = assignment(line)
        if assign is None:
            continue
        target, value = assign.targets[0].target, assign.value
        pairs: list[tuple[cst.CSTNode, cst.BaseExpression]] = [(target, value)]
        if isinstance(target, cst.Tuple) and isinstance(value, cst.Tuple):
            pairs = [
                (a.value, b.value) for a, b in zip(target.elements, value.elements, strict=False)
            ]
        found += [(a.value, b) for a, b in pairs if isinstance(a, cst.Name)]
    return found
