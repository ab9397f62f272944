"""Handing one more thing from the training way to the function that builds the pipeline."""

import libcst as cst

from seeded_bugs.contract import Edit
from seeded_bugs.syntax.shapes import Split
from seeded_bugs.syntax.tree import Tree, call_name, expression


def hand_over(
    tree: Tree, split: Split, inside: cst.CSTNode, name: str, annotation: str
) -> tuple[Edit, ...] | None:
    """Return the edits that make ``name`` of the splitting function known around ``inside``.

    The function around ``inside`` gets one more parameter and its one call below the split one
    more argument; no edits where both are in the same scope; None where that does not work out.
    """
    builder = tree.scope(inside)
    if builder is split.scope:
        return ()
    if not isinstance(builder, cst.FunctionDef):
        return None
    calls = [c for c in tree.calls() if call_name(c) == builder.name.value]
    known = {parameter.name.value for parameter in builder.params.params}
    if (
        len(calls) != 1
        or tree.statement(calls[0]) not in tree.after(split.line)
        or name in tree.names(builder) | known
        or any(parameter.default is not None for parameter in builder.params.params)
        or any(argument.keyword is not None for argument in calls[0].args)
        or builder.params.kwonly_params
    ):
        return None
    typed = any(parameter.annotation is not None for parameter in builder.params.params)
    hint = cst.Annotation(expression(annotation)) if typed else None
    added = cst.Param(cst.Name(name), annotation=hint)
    params = builder.params.with_changes(params=[*builder.params.params, added])
    arguments = [a.with_changes(comma=cst.MaybeSentinel.DEFAULT) for a in calls[0].args]
    call = calls[0].with_changes(args=[*arguments, cst.Arg(cst.Name(name))])
    return (Edit(builder.params, params, "support"), Edit(calls[0], call, "support"))
