"""Variation: the order of lines, of functions and of imports, where nothing hangs on it."""

from collections.abc import Sequence

import libcst as cst

from grader.generate.vary.purity import Doing, doing, may_swap
from grader.generate.vary.rewrite import Rewrites, setting
from grader.stream import Stream
from seeded_bugs.syntax.tree import Tree, call_name, string

MOVED = 60  # per cent of the choices among several lines that may come next
IMPORTS = 60  # per cent of the programs whose imports stand in no order
FUNCTIONS = 80  # per cent of the programs whose functions stand in another order


def shuffle_statements(notes: Rewrites, stream: Stream) -> None:
    """Note another order of the statements of each block."""
    tree = notes.tree
    for block in tree.all(cst.IndentedBlock):
        if isinstance(tree.parent(block), cst.ClassDef):
            continue
        order = _shuffled_block(tree, block.body, stream)
        if order != list(range(len(block.body))):
            notes.reorder(block, order)
    order = _shuffled_module(tree, stream)
    if order != list(range(len(tree.module.body))):
        notes.reorder(tree.module, order)
        _keep_blank_lines(notes, order)


def _shuffled_block(tree: Tree, body: Sequence[cst.CSTNode], stream: Stream) -> list[int]:
    """Return an order of lines in which every line finds what it reads."""
    order: list[int] = []
    run: list[int] = []
    facts = [_fact(tree, statement) for statement in body]
    for place, fact in enumerate(facts):
        if fact is None or _starts_cell(body[place]):
            order += _mixed(run, facts, stream)
            run = []
        (order if fact is None else run).append(place)
    return order + _mixed(run, facts, stream)


def _fact(tree: Tree, statement: cst.CSTNode) -> Doing | None:
    fact = doing(tree, statement)
    return fact or _option(statement)


def _option(statement: cst.CSTNode) -> Doing | None:
    """Return what a line ``parser.add_argument("--x", ...)`` does: options know no order."""
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return None
    only = statement.body[0]
    call = only.value if isinstance(only, cst.Expr) else None
    if not isinstance(call, cst.Call) or call_name(call) != "add_argument" or not call.args:
        return None
    name = string(call.args[0].value)
    head = call.func.value if isinstance(call.func, cst.Attribute) else None
    if name is None or not name.startswith("-") or not isinstance(head, cst.Name):
        return None
    return Doing(frozenset(), frozenset({head.value}), (head.value, name), frozenset(), False)


def _mixed(run: list[int], facts: Sequence[Doing | None], stream: Stream) -> list[int]:
    """Return the places of a run of free lines in an order that keeps every dependence."""
    left, order = list(run), []
    while left:
        ready = [p for i, p in enumerate(left) if all(_free(facts[q], facts[p]) for q in left[:i])]
        near = ready[:4]  # a line moves a few places, not across the function
        place = stream.choice(near) if len(near) > 1 and stream.chance(MOVED) else ready[0]
        left.remove(place)
        order.append(place)
    return order


def _free(a: Doing | None, b: Doing | None) -> bool:
    return a is not None and b is not None and may_swap(a, b)


def _starts_cell(statement: cst.CSTNode) -> bool:
    """Tell whether a notebook's cell mark stands above a statement."""
    above = [line.comment.value for line in _lines_above(statement) if line.comment is not None]
    return any(comment.startswith("# %%") for comment in above)


def _lines_above(statement: cst.CSTNode) -> Sequence[cst.EmptyLine]:
    """Return the blank lines and comments that stand above a statement."""
    if isinstance(statement, cst.SimpleStatementLine | cst.BaseCompoundStatement):
        return statement.leading_lines
    return ()


def _shuffled_module(tree: Tree, stream: Stream) -> list[int]:
    """Return an order of the module: imports, then lines, then functions and classes."""
    order: list[int] = []
    body = tree.module.body
    for run in _runs(tree, body):
        kind = _kind(body[run[0]])
        if kind == "import":
            order += stream.shuffled(run) if stream.chance(IMPORTS) else run
        elif kind == "definition":
            order += _definitions(tree, run, stream) if stream.chance(FUNCTIONS) else run
        else:
            order += _paragraphs(tree, run, stream)
    return order


def _kind(statement: cst.CSTNode) -> str:
    if isinstance(statement, cst.FunctionDef | cst.ClassDef):
        return "definition"
    if isinstance(statement, cst.SimpleStatementLine) and isinstance(
        statement.body[0], cst.Import | cst.ImportFrom
    ):
        return "import"
    return "line"


def _runs(tree: Tree, body: Sequence[cst.CSTNode]) -> list[list[int]]:
    """Return the places of statements of one kind that follow one another."""
    runs: list[list[int]] = []
    for place, statement in enumerate(body):
        same = runs and _kind(body[runs[-1][-1]]) == _kind(statement)
        if same and not _starts_cell(statement):
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _definitions(tree: Tree, run: list[int], stream: Stream) -> list[int]:
    """Return functions and classes in another order; each comes after what its head reads."""
    body = tree.module.body
    names = {p: body[p].name.value for p in run}  # type: ignore[union-attr]
    last = [p for p in run if names[p] == "main"]
    left, order = [p for p in run if p not in last], []
    while left:
        waiting = {names[p] for p in left}
        ready = [p for p in left if not (_head_names(tree, body[p]) & (waiting - {names[p]}))]
        place = stream.choice(ready) if ready else left[0]
        left.remove(place)
        order.append(place)
    return order + last


def _head_names(tree: Tree, node: cst.CSTNode) -> set[str]:
    """Return what is read when a definition is run: decorators, defaults, annotations, bases."""
    if isinstance(node, cst.FunctionDef):
        parts = [*node.decorators, node.params, *([node.returns] if node.returns else [])]
        return {name for part in parts for name in tree.names(part)}
    if not isinstance(node, cst.ClassDef):
        return set()
    found = {name for part in (*node.decorators, *node.bases) for name in tree.names(part)}
    for line in node.body.body:
        inner = isinstance(line, cst.FunctionDef)
        found |= _head_names(tree, line) if inner else tree.names(line)
    return found


def _paragraphs(tree: Tree, run: list[int], stream: Stream) -> list[int]:
    """Return module-level lines in another order; lines under one comment stay under it."""
    body = tree.module.body
    groups: list[list[int]] = []
    for place in run:
        if not groups or _lines_above(body[place]):
            groups.append([])
        groups[-1].append(place)
    mixed = [place for group in groups for place in _shuffled_group(tree, group, stream)]
    assert sorted(mixed) == sorted(run), "a paragraph keeps its lines"
    return mixed


def _shuffled_group(tree: Tree, group: list[int], stream: Stream) -> list[int]:
    """Return an order of one paragraph; a line that a comment speaks of stays under it."""
    body = tree.module.body
    fixed = group[:1] if _commented(body[group[0]]) else []
    rest = group[len(fixed) :]
    order = _shuffled_block(tree, [body[p] for p in rest], stream)
    return fixed + [rest[i] for i in order]


def _commented(statement: cst.CSTNode) -> bool:
    return any(line.comment is not None for line in _lines_above(statement))


def _keep_blank_lines(notes: Rewrites, order: Sequence[int]) -> None:
    """Note that the blank line above a paragraph stands above the line that is now its first."""
    body = notes.tree.module.body
    heads: dict[int, int] = {}
    head = 0
    for place, statement in enumerate(body):
        if place == 0 or _kind(statement) != "line" or _lines_above(statement):
            head = place
        heads[place] = head
    first = {heads[place]: place for place in reversed(order)}
    for top, place in first.items():
        if top != place:
            above = _lines_above(body[top])
            notes.change(body[place], setting(leading_lines=above))
            notes.change(body[top], setting(leading_lines=()))
