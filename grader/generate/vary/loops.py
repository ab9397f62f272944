"""Variation: a list or dictionary built in one expression or in a loop."""

from functools import partial

import libcst as cst

from grader.generate.vary.rewrite import Rewrites, shown_above
from grader.stream import Stream
from seeded_bugs.syntax.tree import Tree, assignment, call_name, target_names

OPENED, CLOSED = 35, 60  # per cent of the comprehensions and of the loops that change
Comprehension = cst.ListComp | cst.DictComp


def swap_loops(notes: Rewrites, stream: Stream) -> None:
    """Note some comprehensions as loops and some loops as comprehensions."""
    tree = notes.tree
    for line in tree.all(cst.SimpleStatementLine):
        if _is_open(tree, line) and stream.chance(OPENED) and not notes.touched(line):
            notes.change(line, _as_loop)
    for loop in tree.all(cst.For):
        first = _empty_list_above(tree, loop)
        if first is not None and stream.chance(CLOSED) and not notes.touched(loop):
            notes.drop(first)
            notes.change(loop, partial(_as_comprehension, above=first))


def _is_open(tree: Tree, line: cst.SimpleStatementLine) -> bool:
    """Tell whether a line is ``x = [... for v in ...]`` that a loop can stand for."""
    assign, function = assignment(line), tree.function(line)
    made = assign.value if assign is not None else None
    if function is None or assign is None or not isinstance(made, Comprehension):
        return False
    names = target_names(assign)
    clause = made.for_in
    if len(names) != 1 or not isinstance(assign.targets[0].target, cst.Name):
        return False
    if clause.inner_for_in is not None or clause.asynchronous is not None or len(clause.ifs) > 1:
        return False
    own = tree.names(clause.target)
    return names[0] not in tree.names(made) and all(_is_inner(tree, n, function) for n in own)


def _is_inner(tree: Tree, name: str, function: cst.FunctionDef) -> bool:
    """Tell whether a name of a function stands only in comprehensions that bind it."""
    for node in tree.all(cst.Name, function):
        if node.value != name:
            continue
        above = [a for a in tree.up(node) if isinstance(a, cst.BaseComp)]
        if not any(name in tree.names(comp.for_in.target) for comp in above):
            return False
    return True


def _as_loop(line: cst.SimpleStatementLine) -> cst.CSTNode | list[cst.BaseStatement]:
    assign = assignment(line)
    made = assign.value if assign is not None else None
    if assign is None or not isinstance(made, Comprehension):
        return line
    name = cst.ensure_type(assign.targets[0].target, cst.Name)
    if isinstance(made, cst.ListComp):
        empty: cst.BaseExpression = cst.List([])
        step: cst.BaseSmallStatement = cst.Expr(
            cst.Call(cst.Attribute(name, cst.Name("append")), [cst.Arg(made.elt)])
        )
    else:
        empty = cst.Dict([])
        part = cst.Subscript(name, [cst.SubscriptElement(cst.Index(made.key))])
        step = cst.Assign([cst.AssignTarget(part)], made.value)
    body: cst.BaseStatement = cst.SimpleStatementLine([step])
    if made.for_in.ifs:
        body = cst.If(made.for_in.ifs[0].test, cst.IndentedBlock([body]))
    loop = cst.For(made.for_in.target, made.for_in.iter, cst.IndentedBlock([body]))
    start = line.with_changes(body=[assign.with_changes(value=empty)])
    return shown_above(
        [start.with_changes(trailing_whitespace=cst.TrailingWhitespace()), loop], line
    )


def _empty_list_above(tree: Tree, loop: cst.For) -> cst.SimpleStatementLine | None:
    """Return the line ``x = []`` that a loop fills by ``x.append(...)`` and nothing else."""
    call, name = _appended(loop), None
    if call is not None and isinstance(call.func, cst.Attribute):
        name = call.func.value.value if isinstance(call.func.value, cst.Name) else None
    function = tree.function(loop)
    if name is None or function is None or loop.orelse is not None or loop.asynchronous:
        return None
    if name in tree.names(loop.iter) | tree.names(call.args[0] if call else loop):
        return None
    own = tree.names(loop.target)
    if any(n.value in own and not tree.is_below(n, loop) for n in tree.all(cst.Name, function)):
        return None
    for line in reversed(tree.before(loop)):
        assign = assignment(line)
        if assign is not None and target_names(assign) == [name]:
            empty = isinstance(assign.value, cst.List) and not assign.value.elements
            plain = isinstance(line, cst.SimpleStatementLine) and not _speaks(line)
            return line if empty and plain and isinstance(line, cst.SimpleStatementLine) else None
        if name in tree.names(line):
            return None
    return None


def _speaks(line: cst.SimpleStatementLine) -> bool:
    return any(above.comment for above in line.leading_lines) or bool(
        line.trailing_whitespace.comment
    )


def _appended(loop: cst.For) -> cst.Call | None:
    """Return the one call ``x.append(value)`` of a loop, under one condition at most."""
    body = list(loop.body.body)
    if len(body) == 1 and isinstance(body[0], cst.If) and body[0].orelse is None:
        body = list(body[0].body.body)
    if len(body) != 1 or not isinstance(body[0], cst.SimpleStatementLine) or _speaks(body[0]):
        return None
    only = body[0].body[0]
    call = only.value if isinstance(only, cst.Expr) else None
    fits = isinstance(call, cst.Call) and call_name(call) == "append" and len(call.args) == 1
    return call if fits and isinstance(call, cst.Call) else None


def _as_comprehension(loop: cst.For, above: cst.SimpleStatementLine) -> cst.CSTNode:
    call = _appended(loop)
    if call is None or not isinstance(call.func, cst.Attribute):
        return loop
    first = loop.body.body[0]
    ifs = [cst.CompIf(first.test)] if isinstance(first, cst.If) else []
    clause = cst.CompFor(loop.target, loop.iter, ifs)
    made = cst.ListComp(call.args[0].value, clause)
    target = cst.AssignTarget(cst.ensure_type(call.func.value, cst.Name))
    lines = [*above.leading_lines, *loop.leading_lines]
    return cst.SimpleStatementLine([cst.Assign([target], made)], leading_lines=lines)
