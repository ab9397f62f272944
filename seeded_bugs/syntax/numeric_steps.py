"""The way to the fitted numeric steps inside a fitted pipeline."""

from dataclasses import dataclass

import libcst as cst

from seeded_bugs.syntax.preparation import columns_text, find_part, find_parts, resolve
from seeded_bugs.syntax.shapes import pipeline_classes
from seeded_bugs.syntax.tree import Tree, call_name, string


@dataclass(frozen=True)
class NumericSteps:
    """Filling and scaling of the numbers.

    Args:
        path: what to write behind the pipeline, e.g. ``[0].named_transformers_["num"]``.
        columns: their columns, in words of the module level.
    """

    path: str
    columns: str


def find_numeric_steps(tree: Tree) -> NumericSteps | None:
    """Return the steps of the numeric part if they are a pipeline that ends in a scaler."""
    part = find_part(tree, "NUM")
    columns = columns_text(tree, part) if part is not None else None
    outer = _step(tree)
    if part is None or columns is None or outer is None:
        return None
    steps = resolve(tree, part.steps)
    if not isinstance(steps, cst.Call) or call_name(steps) not in ("Pipeline", "make_pipeline"):
        return None
    scalers = tree.calls("StandardScaler", within=steps)
    if len(scalers) != 1 or tree.calls(within=steps)[-1] is not scalers[0]:
        return None
    place = [p.holder is part.holder for p in find_parts(tree)].index(True)
    triple = resolve(tree, part.holder.value)
    assert isinstance(triple, cst.Tuple), "a part is a tuple of name, steps and columns"
    name = string(triple.elements[0].value)
    inner = f'.named_transformers_["{name}"]' if name else f".transformers_[{place}][1]"
    return NumericSteps(outer + inner, columns)


def _step(tree: Tree) -> str | None:
    """Return the way from the pipeline to its ColumnTransformer, its first step."""
    for call in tree.calls(*pipeline_classes(tree), "make_pipeline"):
        named = call_name(call) != "make_pipeline"
        first = call.args[0].value if call.args else None
        if named and isinstance(first, cst.List) and first.elements:
            first = first.elements[0].value
        name = None
        if named:
            if not isinstance(first, cst.Tuple) or len(first.elements) != 2:
                continue
            name, first = string(first.elements[0].value), first.elements[1].value
        made = resolve(tree, first) if first is not None else None
        if isinstance(made, cst.Call) and call_name(made) in (
            "ColumnTransformer",
            "make_column_transformer",
        ):
            return f'.named_steps["{name}"]' if name else "[0]"
    return None
