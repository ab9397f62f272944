"""Variation: several names bound in a line or in several; entries added by ``|=`` or a method."""

from collections.abc import Sequence

import libcst as cst

from grader.generate.vary.purity import is_pure
from grader.generate.vary.rewrite import Rewrites, shown_above
from grader.stream import Stream
from seeded_bugs.syntax.tree import Tree, assignment

APART, UPDATED, MERGED, SPREAD = 50, 50, 50, 50  # per cent of the places


def swap_unpacking(notes: Rewrites, stream: Stream) -> None:
    """Note the changes of one program."""
    tree = notes.tree
    for line in tree.all(cst.SimpleStatementLine):
        if notes.touched(line) or len(line.body) != 1:
            continue
        if _pairs(tree, line) and stream.chance(APART):
            notes.change(line, _apart)
        elif _adds_entries(line) and stream.chance(UPDATED):
            notes.change(line, _updated)
    for table in tree.all(cst.Dict):
        if _is_merge(table) and stream.chance(MERGED):
            notes.change(table, _merged)
    for total in tree.all(cst.BinaryOperation):
        if _sums_lists(tree, total) and stream.chance(SPREAD):
            notes.change(total, _spread)


def _parts(line: cst.SimpleStatementLine) -> tuple[cst.Tuple, cst.Tuple] | None:
    assign = assignment(line)
    if assign is None or len(assign.targets) != 1:
        return None
    left, right = assign.targets[0].target, assign.value
    both = isinstance(left, cst.Tuple) and isinstance(right, cst.Tuple)
    return (left, right) if both else None  # type: ignore[return-value]


def _pairs(tree: Tree, line: cst.SimpleStatementLine) -> bool:
    """Tell whether ``a, b = x, y`` can be written line by line."""
    parts = _parts(line)
    if parts is None or len(parts[0].elements) != len(parts[1].elements):
        return False
    targets = [e.value for e in parts[0].elements if isinstance(e, cst.Element)]
    plain = all(_is_place(t) for t in targets) and len(targets) == len(parts[1].elements)
    bound = {tree.names(t).pop() if isinstance(t, cst.Name) else "" for t in targets}
    return plain and is_pure(tree, parts[1]) and not bound & tree.names(parts[1])


def _is_place(target: cst.BaseExpression) -> bool:
    """Tell whether a target is a name, or an attribute of one."""
    if isinstance(target, cst.Attribute):
        return isinstance(target.value, cst.Name)
    return isinstance(target, cst.Name)


def _apart(line: cst.SimpleStatementLine) -> cst.CSTNode | list[cst.BaseStatement]:
    parts = _parts(line)
    if parts is None:
        return line
    lines: list[cst.BaseStatement] = [
        cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(a.value)], b.value)])
        for a, b in zip(parts[0].elements, parts[1].elements, strict=True)
        if isinstance(a.value, cst.Name | cst.Attribute)
    ]
    return shown_above(lines, line)


def _adds_entries(line: cst.SimpleStatementLine) -> bool:
    """Tell whether a line is ``table |= {...}`` with a literal on the right."""
    only = line.body[0]
    return (
        isinstance(only, cst.AugAssign)
        and isinstance(only.operator, cst.BitOrAssign)
        and isinstance(only.target, cst.Name)
        and isinstance(only.value, cst.Dict)
    )


def _updated(line: cst.SimpleStatementLine) -> cst.CSTNode:
    only = cst.ensure_type(line.body[0], cst.AugAssign)
    call = cst.Call(cst.Attribute(only.target, cst.Name("update")), [cst.Arg(only.value)])
    return line.with_changes(body=[cst.Expr(call)])


def _is_merge(table: cst.Dict) -> bool:
    """Tell whether a literal starts with other tables: ``{**a, **b, "c": d}``."""
    spread = [isinstance(e, cst.StarredDictElement) for e in table.elements]
    ahead = spread.count(True)
    names = [e.value for e in table.elements if isinstance(e, cst.StarredDictElement)]
    sound = all(isinstance(n, cst.Name) for n in names) and not table.lpar
    return ahead > 0 and len(spread) > 1 and all(spread[:ahead]) and sound


def _merged(table: cst.Dict) -> cst.BaseExpression:
    parts: list[cst.BaseExpression] = [
        e.value for e in table.elements if isinstance(e, cst.StarredDictElement)
    ]
    rest = [e for e in table.elements if not isinstance(e, cst.StarredDictElement)]
    if rest:
        parts.append(table.with_changes(elements=rest))
    value = parts[0]
    for part in parts[1:]:
        value = cst.BinaryOperation(value, cst.BitOr(), part)
    return value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _sums_lists(tree: Tree, total: cst.BinaryOperation) -> bool:
    """Tell whether an expression is a sum of module-level lists, and not part of a longer one."""
    above = tree.parent(total)
    if isinstance(above, cst.BinaryOperation) or total.lpar:
        return False
    known = _lists(tree)
    names = [t.value if isinstance(t, cst.Name) else "" for t in _terms(total)]
    return len(names) > 1 and all(name in known for name in names)


def _lists(tree: Tree) -> set[str]:
    """Return the module-level names of list literals."""
    found: set[str] = set()
    for line in tree.module.body:
        assign = assignment(line)
        target = assign.targets[0].target if assign is not None else None
        listed = assign is not None and isinstance(assign.value, cst.List)
        if listed and isinstance(target, cst.Name) and target.value.isupper():
            found.add(target.value)
    return found


def _terms(total: cst.BaseExpression) -> Sequence[cst.BaseExpression]:
    """Return what a sum adds up; the whole where it is none."""
    if isinstance(total, cst.BinaryOperation) and isinstance(total.operator, cst.Add):
        return [*_terms(total.left), *_terms(total.right)]
    return [total]


def _spread(total: cst.BinaryOperation) -> cst.BaseExpression:
    return cst.List([cst.StarredElement(term) for term in _terms(total)])
