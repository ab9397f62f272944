"""Variation: the command line is put together in a function of its own, or in ``main``."""

from functools import partial

import libcst as cst

from grader.generate.vary.rewrite import Rewrites
from grader.stream import Stream
from seeded_bugs.syntax.tree import Tree, assignment, call_name, target_names

SPLIT_OUT = 50  # per cent of the programs
TUPLES = 50  # per cent of the programs
NAMES = ("build_parser", "make_parser", "get_parser", "cli", "command_line", "parser_for_cli")


def swap_parser(notes: Rewrites, stream: Stream) -> None:
    """Note the changes of one program."""
    tree = notes.tree
    free = [name for name in NAMES if name not in notes.taken]
    for function in tree.all(cst.FunctionDef):
        own = tree.parent(function) is tree.module
        if own and free and _is_whole(tree, function) and stream.chance(SPLIT_OUT):
            name = stream.choice(free)
            notes.change(function, partial(_split_out, name=name))
            break
    if stream.chance(TUPLES):
        for argument in tree.all(cst.Arg):
            named = argument.keyword is not None and argument.keyword.value == "choices"
            if named and isinstance(argument.value, cst.List):
                notes.change(argument.value, _as_tuple)


def _as_tuple(listed: cst.List) -> cst.CSTNode:
    return cst.Tuple(listed.elements, lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _is_whole(tree: Tree, function: cst.FunctionDef) -> bool:
    """Tell whether a function makes a parser from nothing that it was given or has bound."""
    lines = [s for s in function.body.body if isinstance(s, cst.SimpleStatementLine)]
    name = _made(lines)
    if name is None or len(lines) == len(_building(lines, name)):
        return False
    building = _building(lines, name)
    local = {p.name.value for p in tree.all(cst.Param, function)}
    for line in lines:
        assign = assignment(line)
        local |= set(target_names(assign)) if assign is not None else set()
    keywords = {id(a.keyword) for a in tree.all(cst.Arg, function) if a.keyword is not None}
    read = {n.value for line in building for n in tree.all(cst.Name, line) if id(n) not in keywords}
    return len(building) > 2 and not (read & (local - {name}))


def _made(lines: list[cst.SimpleStatementLine]) -> str | None:
    """Return the name of the parser that some lines make."""
    for line in lines:
        assign = assignment(line)
        value = assign.value if assign is not None else None
        if assign is None or not isinstance(value, cst.Call) or len(target_names(assign)) != 1:
            continue
        if call_name(value) == "ArgumentParser":
            return target_names(assign)[0]
    return None


def _building(lines: list[cst.SimpleStatementLine], name: str) -> list[cst.SimpleStatementLine]:
    """Return the lines that make the parser and give it its options."""
    found = []
    for line in lines:
        assign, only = assignment(line), line.body[0]
        call = only.value if isinstance(only, cst.Expr) else None
        head = call.func if isinstance(call, cst.Call) else None
        adds = isinstance(head, cst.Attribute) and head.attr.value == "add_argument"
        on_it = adds and isinstance(head.value, cst.Name) and head.value.value == name  # type: ignore[union-attr]
        if on_it or (assign is not None and target_names(assign) == [name]):
            found.append(line)
    return found


def _split_out(function: cst.FunctionDef, name: str) -> list[cst.BaseStatement] | cst.CSTNode:
    """Return the function without its parser, below a function that makes it."""
    lines = [s for s in function.body.body if isinstance(s, cst.SimpleStatementLine)]
    parser = _made(lines)
    if parser is None:
        return function
    building = _building(lines, parser)
    given_back = cst.SimpleStatementLine([cst.Return(cst.Name(parser))])
    made = cst.FunctionDef(
        cst.Name(name),
        cst.Parameters(),
        cst.IndentedBlock([*(_bare(line) for line in building), given_back]),
        returns=_annotation(building[0]) if function.returns is not None else None,
        leading_lines=[cst.EmptyLine(), cst.EmptyLine()],
    )
    call = cst.Assign([cst.AssignTarget(cst.Name(parser))], cst.Call(cst.Name(name)))
    start = building[0].with_changes(body=[call])
    kept: list[cst.BaseStatement] = []
    for statement in function.body.body:
        if statement is building[0]:
            kept.append(start)
        elif not any(statement is line for line in building):
            kept.append(statement)  # type: ignore[arg-type]
    return [made, function.with_changes(body=function.body.with_changes(body=kept))]


def _bare(line: cst.SimpleStatementLine) -> cst.SimpleStatementLine:
    return line.with_changes(leading_lines=())


def _annotation(line: cst.SimpleStatementLine) -> cst.Annotation | None:
    """Return the type of the parser as its own call names it."""
    assign = assignment(line)
    call = assign.value if assign is not None else None
    return cst.Annotation(call.func) if isinstance(call, cst.Call) else None
