"""Which columns go through which steps: the parts of a ColumnTransformer.

A part is ``("num", numeric, NUM_COLUMNS + DERIVED_COLUMNS)`` or, in ``make_column_transformer``,
``(numeric, NUM_COLUMNS)``; the list of parts may have a name of its own.
"""

import re
from dataclasses import dataclass

import libcst as cst

from seeded_bugs.contract import Edit
from seeded_bugs.syntax.shapes import Columns, Split, estimators, find_columns
from seeded_bugs.syntax.tree import (
    Tree,
    assignment,
    call_name,
    code,
    drop,
    string,
    target_names,
)


@dataclass(frozen=True)
class Part:
    """One part: the element or argument that holds it, its steps and its columns."""

    holder: cst.Element | cst.Arg
    steps: cst.BaseExpression
    columns: cst.BaseExpression


def find_parts(tree: Tree) -> list[Part]:
    """Return the parts of the first ColumnTransformer of the program, in order."""
    for call in tree.calls("ColumnTransformer", "make_column_transformer"):
        holders: list[cst.Element | cst.Arg] = [a for a in call.args if a.keyword is None]
        if holders and not isinstance(holders[0].value, cst.Tuple):
            listed = resolve(tree, holders[0].value)
            if not isinstance(listed, cst.List):
                continue
            holders = [e for e in listed.elements if isinstance(e, cst.Element)]
        parts = [_part(tree, holder) for holder in holders]
        if parts and None not in parts:
            return [part for part in parts if part is not None]
    return []


def find_part(tree: Tree, mark: str) -> Part | None:
    """Return the part whose columns hold the first column list with this mark in its name."""
    columns = find_columns(tree, mark)
    for part in find_parts(tree) if columns else []:
        if columns and columns.name in tree.names(resolve(tree, part.columns)):
            return part
    return None


def resolve(tree: Tree, node: cst.BaseExpression) -> cst.BaseExpression:
    """Return what a name was bound to in its scope or the module; anything else as it is.

    Constants of the module, such as lists of columns, stay names.
    """
    if isinstance(node, cst.Name):
        scope = tree.scope(node)
        far = scope is not tree.module and not node.value.isupper()
        lines = tree.all(cst.SimpleStatementLine, scope)
        for line in (*lines, *(tree.all(cst.SimpleStatementLine, tree.module) if far else ())):
            assign = assignment(line)
            if assign is not None and target_names(assign) == [node.value]:
                return assign.value
    return node


def joined(columns: cst.BaseExpression, more: str) -> str:
    """Return the text of a column expression with one more list, ``more``, behind it."""
    return f"{code(columns)} + {more}"


def columns_text(tree: Tree, part: Part) -> str | None:
    """Return the columns of a part in words of the module level, so that any function may use it.

    ``NUM_COLUMNS + DERIVED_COLUMNS``; None where the text hangs on other local names.
    """
    found = resolve(tree, part.columns)
    if not all(name.isupper() for name in tree.names(found)):
        return None
    if isinstance(found, cst.List):
        spread = [e.value for e in found.elements if isinstance(e, cst.StarredElement)]
        return " + ".join(map(code, spread)) if len(spread) == len(found.elements) else None
    return code(found) if isinstance(found, cst.Name | cst.BinaryOperation) else None


def scaled_columns(tree: Tree, split: Split) -> str | None:
    """Return the columns that a scaler may take over from the numeric part of the pipeline.

    All of that part, as a model must not get some numbers scaled and some raw; where the training
    way needs one of them as it is (a naive forecast), the numeric list alone, if the model grows
    trees, which do not mind. Without a ColumnTransformer, the numeric list.
    """
    numeric = find_columns(tree, "NUM")
    part = find_part(tree, "NUM")
    if numeric is None or (part is None and find_parts(tree)):
        return None
    whole = columns_text(tree, part) if part else numeric.name
    used = {string(node) for node in tree.all(cst.SimpleString, split.scope)}
    if whole and not used & _values(tree, whole):
        return whole
    grown = all(re.search("Forest|Tree|Boosting", call_name(model)) for model in estimators(tree))
    return numeric.name if grown and not used & set(numeric.values) else None


def scaler_step(tree: Tree) -> cst.Element | cst.Arg | None:
    """Return the pipeline's own scaler: a named step, or an argument of make_pipeline."""
    for call in tree.calls("StandardScaler"):
        holder = tree.parent(call)
        if isinstance(holder, cst.Arg):
            outer = tree.parent(holder)
            if isinstance(outer, cst.Call) and call_name(outer) == "make_pipeline":
                return holder if len(outer.args) > 1 else None
        pair = tree.nearest(call, cst.Tuple)
        if pair is not None and len(pair.elements) == 2 and string(pair.elements[0].value):
            element, steps = tree.parent(pair), tree.nearest(pair, cst.List)
            if isinstance(element, cst.Element) and steps is not None and len(steps.elements) > 1:
                return element
    return None


def _values(tree: Tree, columns: str) -> set[str]:
    """Return the column names in a sum of module-level lists."""
    lists = [find_columns(tree, name.strip()) for name in columns.split("+")]
    return {value for found in lists if found is not None for value in found.values}


def derived_columns(tree: Tree) -> Columns | None:
    """Return the first module-level list that holds a column which a feature function computes.

    ``NUM = ["amount", "hour"]`` where some ``...feature...`` function has ``frame["hour"] = ...``.
    Columns that are cleaned under their own name (``frame["city"] = frame["city"].str.strip()``)
    do not count.
    """
    computed: set[str] = set()
    for line in tree.all(cst.SimpleStatementLine):
        assign, function = assignment(line), tree.function(line)
        if assign is None or function is None or "feature" not in function.name.value.lower():
            continue
        target = assign.targets[0].target
        if isinstance(target, cst.Subscript):
            names = {string(node) for node in tree.all(cst.SimpleString, target)}
            read = {string(node) for node in tree.all(cst.SimpleString, assign.value)}
            computed |= {name for name in names - read if name is not None}
    for statement in tree.module.body:
        assign = assignment(statement)
        name = target_names(assign)[:1] if assign else []
        found = find_columns(tree, *name) if name else None
        if found is not None and found.line is statement and computed & set(found.values):
            return found
    return None


def appended(literal: cst.List | cst.Tuple, *texts: str) -> cst.List | cst.Tuple:
    """Return a list of strings with more strings at its end, laid out like the others."""
    elements = [element for element in literal.elements if isinstance(element, cst.Element)]
    between, last = elements[0].comma, elements[-1].comma
    more = [cst.Element(cst.SimpleString(f'"{text}"')) for text in texts]
    joined_up = [element.with_changes(comma=between) for element in [*elements, *more]]
    joined_up[-1] = joined_up[-1].with_changes(comma=last)
    return literal.with_changes(elements=joined_up)


def dropped(tree: Tree, part: Part) -> tuple[Edit, ...]:
    """Return the edits that take a part out, and the lines that only it had use for."""
    gone = only_for(tree, part.holder.value)
    holder, without = drop(tree, part.holder)
    return (Edit(holder, without, "trace"), *(Edit(line, None, "support") for line in gone))


def _part(tree: Tree, holder: cst.Element | cst.Arg) -> Part | None:
    found = resolve(tree, holder.value)
    if not isinstance(found, cst.Tuple) or len(found.elements) < 2:
        return None
    *_, steps, columns = (element.value for element in found.elements)
    return Part(holder, steps, columns)


def only_for(tree: Tree, node: cst.BaseExpression) -> list[cst.SimpleStatementLine]:
    """Return the assignments that serve nothing but this expression, those of theirs included."""
    scope, lines = tree.scope(node), []
    queue: list[cst.CSTNode] = [node]
    while queue:
        top = queue.pop()
        for name in tree.all(cst.Name, top):
            uses = [n for n in tree.all(cst.Name, scope) if n.value == name.value]
            for line in tree.all(cst.SimpleStatementLine, scope):
                assign = assignment(line)
                if assign is None or target_names(assign) != [name.value] or len(uses) != 2:
                    continue
                if line not in lines:
                    lines.append(line)
                    queue.append(assign.value)
    return lines
