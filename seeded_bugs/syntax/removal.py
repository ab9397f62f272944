"""Taking something out together with everything that only reported it.

A program without a step must not speak of it either: the lines that compute the names go, log
lines and entries of dictionaries that use them go, and whatever else uses them stops the removal.
"""

import re
from collections.abc import Collection, Sequence

import libcst as cst

from seeded_bugs.contract import Edit
from seeded_bugs.syntax.tree import Scope, Tree, assignment, call_name, string, target_names

LOGS = ("debug", "info", "warning", "print")


def without_elements(table: cst.Dict, gone: Collection[cst.BaseDictElement]) -> cst.Dict:
    """Return a dictionary without some of its elements; the layout of its end stays."""
    kept = [e for e in table.elements if not any(e is g for g in gone)]
    if kept:
        kept[-1] = kept[-1].with_changes(comma=table.elements[-1].comma)
    return table.with_changes(elements=kept)


def uses(tree: Tree, name: str, scope: Scope) -> list[cst.Name]:
    """Return the places of a scope where a name of its own is read or bound, in order.

    What a flat script binds may be read further down in other scopes; those places follow, unless
    the other scope binds the name itself.
    """
    places = _named(tree, name, scope)
    if isinstance(scope, cst.FunctionDef):
        return places
    everywhere = [node for node in _named(tree, name, None) if not any(node is p for p in places)]
    others = {id(other): other for other in map(tree.scope, everywhere) if other is not scope}
    for other in others.values():
        if name not in _bound_in(tree, other):
            places += [node for node in everywhere if tree.scope(node) is other]
    return places


def _named(tree: Tree, name: str, scope: Scope | None) -> list[cst.Name]:
    """Return the places of a scope, or of the module, where a variable of this name stands."""
    found = []
    for node in tree.all(cst.Name, scope):
        above = tree.parent(node)
        attribute = isinstance(above, cst.Attribute) and above.attr is node
        keyword = isinstance(above, cst.Arg) and above.keyword is node
        if node.value == name and not attribute and not keyword:
            found.append(node)
    return found


def _bound_in(tree: Tree, scope: Scope) -> set[str]:
    """Return the names that a scope binds: parameters, assigned names, fields, names of loops."""
    targets: list[cst.BaseExpression] = [
        *(t.target for t in tree.all(cst.AssignTarget, scope)),
        *(t.target for t in tree.all(cst.AnnAssign, scope)),
        *(loop.target for loop in tree.all(cst.For, scope)),
        *(loop.target for loop in tree.all(cst.CompFor, scope)),
        *(p.name for p in tree.all(cst.Param, scope)),
    ]
    plain = [t for t in targets if isinstance(t, cst.Name | cst.Tuple | cst.List)]
    return {name.value for target in plain for name in tree.all(cst.Name, target)}


def removed(
    tree: Tree, scope: Scope, start: Sequence[cst.SimpleStatementLine]
) -> tuple[Edit, ...] | None:
    """Return the edits that take out lines and all that uses what they bind; None if some cannot.

    Lines and what is left of log lines are main edits; entries of dictionaries are support.
    """
    lines, entries, logs = list(start), list[cst.DictElement](), dict[int, cst.Call]()
    names = [name for line in start for name in _bound(line)]
    done: set[str] = set()
    while names:
        name = names.pop()
        if name in done:
            continue
        done.add(name)
        for use in uses(tree, name, scope):
            if any(tree.is_below(use, line) for line in lines):
                continue
            entry, line = tree.nearest(use, cst.DictElement), tree.statement(use)
            log = _log_call(line)
            if not isinstance(line, cst.SimpleStatementLine):
                return None
            if entry is not None and string(entry.key) is not None:
                entries.append(entry)
            elif log is not None:
                logs[id(log)] = log
            elif _bound(line) and name not in _bound(line):
                lines.append(line)
                names += _bound(line)
            elif _stores_entry(line):
                lines.append(line)
            else:
                return None
    return _edits(tree, scope, alone_for(tree, scope, lines), entries, logs, done)


def _edits(
    tree: Tree,
    scope: Scope,
    lines: list[cst.SimpleStatementLine],
    entries: list[cst.DictElement],
    logs: dict[int, cst.Call],
    names: set[str],
) -> tuple[Edit, ...] | None:
    keys = {string(entry.key) for entry in entries}
    for part in tree.all(cst.Subscript):
        if tree_key(part) in keys and _log_call(tree.statement(part)) is None:
            return None
    for call in tree.calls(*LOGS, within=scope):
        if any(tree_key(part) in keys for part in tree.all(cst.Subscript, call)):
            logs[id(call)] = call
    edits = list[Edit]()
    for table in {id(t): t for e in entries if (t := tree.nearest(e, cst.Dict))}.values():
        rest = without_elements(table, entries)
        line = tree.statement(table)
        if rest.elements:
            edits.append(Edit(table, rest, "support"))
        elif isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.AugAssign):
            edits.append(Edit(line, [], "support"))
        else:
            return None
    for log in logs.values():
        line, shorter = tree.statement(log), _shorter(tree, log, names)
        if shorter is not None:
            edits.append(Edit(log, shorter))
        else:
            edits.append(Edit(line, []))
    return (*(Edit(line, []) for line in lines), *edits)


def tree_key(part: cst.Subscript) -> str | None:
    """Return the string that a subscript asks for; None for another kind of subscript."""
    only = part.slice[0].slice
    return string(only.value) if isinstance(only, cst.Index) else None


def alone_for(
    tree: Tree, scope: Scope, lines: list[cst.SimpleStatementLine]
) -> list[cst.SimpleStatementLine]:
    """Return the lines and those above that bind names for nothing but these."""
    found, queue = list(lines), list(lines)
    while queue:
        line = queue.pop()
        for name in {node.value for node in tree.all(cst.Name, line)}:
            for other in tree.all(cst.SimpleStatementLine, scope):
                if _bound(other) != [name] or any(other is f for f in found):
                    continue
                if isinstance(_assigned(other), cst.Attribute):
                    continue
                rest = [u for u in uses(tree, name, scope) if not tree.is_below(u, other)]
                if all(any(tree.is_below(u, f) for f in found) for u in rest):
                    found.append(other)
                    queue.append(other)
    return found


def _assigned(line: cst.SimpleStatementLine) -> cst.BaseExpression | None:
    assign = assignment(line)
    return assign.targets[0].target if assign is not None else None


def _bound(line: cst.CSTNode) -> list[str]:
    assign = assignment(line)
    return target_names(assign) if assign is not None else []


def _stores_entry(line: cst.SimpleStatementLine) -> bool:
    """Tell whether a line is ``table["key"] = ...``."""
    target = _assigned(line)
    return isinstance(target, cst.Subscript) and tree_key(target) is not None


def _log_call(line: cst.CSTNode) -> cst.Call | None:
    if isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Expr):
        only = line.body[0].value
        return only if isinstance(only, cst.Call) and call_name(only) in LOGS else None
    return None


def _shorter(tree: Tree, log: cst.Call, names: set[str]) -> cst.Call | None:
    """Return a log call without what is gone: ``"a %d, b %d"`` keeps one part a kept argument."""
    text = string(log.args[0].value) if log.args else None
    parts = text.split(", ") if text else []
    values = log.args[1:]
    if len(parts) != len(values) or any(len(re.findall(r"%(?!%)", p)) != 1 for p in parts):
        return None
    kept = [i for i, value in enumerate(values) if not tree.names(value) & names]
    if not kept or len(kept) == len(values):
        return None
    shown = cst.Arg(cst.SimpleString('"' + ", ".join(parts[i] for i in kept) + '"'))
    args = [shown, *(values[i].with_changes(comma=cst.MaybeSentinel.DEFAULT) for i in kept)]
    return log.with_changes(args=args)


def orphans(tree: Tree, gone: Sequence[cst.CSTNode]) -> list[cst.FunctionDef]:
    """Return the program's own functions that nothing but these nodes calls."""
    called = {call_name(call) for node in gone for call in tree.calls(within=node)}
    found = [f for f in tree.all(cst.FunctionDef) if f.name.value in called]
    every = [name.value for name in tree.all(cst.Name)]
    return [f for f in found if every.count(f.name.value) == 2]
