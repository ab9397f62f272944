"""Variation: variables, parameters, functions, classes and methods get other natural names.

A name is changed wherever it stands in the program, for a name that stands nowhere; so what it is
bound to stays what it was. Left alone are names that something outside reads: fields of classes
(they may become columns), imported names, names inside query strings.
"""

import builtins
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import libcst as cst

from grader.generate.vary.marks import reserved, serves_alike
from grader.generate.vary.rewrite import Rewrites
from grader.records.base import Record
from grader.stream import Stream
from seeded_bugs.syntax.tree import Tree, call_name, target_names

RENAMED = 85  # per cent of the names that have a family
READS_NAMES = frozenset({"eval", "exec", "globals", "locals", "vars"})
KEPT = frozenset({"main", "self", "cls", "_", *dir(builtins)})
PLAIN_BASES = frozenset({"Exception", "ValueError", "RuntimeError", "object"})
_WORD = re.compile(r"[A-Za-z_]\w*")


class Families(Record):
    """The contents of ``names.toml``."""

    together: tuple[tuple[tuple[str, ...], ...], ...]
    mutual: tuple[tuple[str, ...], ...]
    whole: tuple[tuple[str, ...], ...]
    words: tuple[tuple[str, ...], ...]
    steps: tuple[tuple[str, ...], ...]


@cache
def families() -> Families:
    """Return the families of names that mean the same."""
    text = files("grader.generate.vary").joinpath("names.toml").read_text("utf-8")
    return Families.model_validate(tomllib.loads(text))


@dataclass
class Uses:
    """Where the names of a program stand, by what they are.

    ``variables`` can be renamed, ``attributes`` are the program's own methods and the attributes
    it sets on ``self``; ``kept`` must not be renamed; ``taken`` are all words in the program.
    """

    variables: dict[str, list[cst.Name]] = field(default_factory=dict)
    attributes: dict[str, list[cst.Name]] = field(default_factory=dict)
    keywords: dict[str, list[cst.Name]] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)


def rename(notes: Rewrites, stream: Stream) -> None:
    """Note new names for most names of the program, in code, comments and docstrings alike."""
    tree = notes.tree
    if any(call_name(call) in READS_NAMES for call in tree.calls()):
        return
    uses = _uses(tree)
    free = {*uses.variables, *uses.attributes} - uses.kept - KEPT
    table = _draw_together(free, stream, uses.taken)
    for name in sorted(free - set(table)):
        if not name.startswith("__") and stream.chance(RENAMED):
            new = _draw(name, stream, uses.taken)
            if new is not None:
                table[name] = new
                uses.taken.add(new)
    for name, new in table.items():
        for group in (uses.variables, uses.attributes, uses.keywords):
            for node in group.get(name, ()):
                notes.change(node, lambda old, new=new: old.with_changes(value=new))
    _rename_in_words(notes, table)


def _draw_together(free: set[str], stream: Stream, taken: set[str]) -> dict[str, str]:
    """Return new names for those that go together in the program (``X_train``, ``X_test``)."""
    table: dict[str, str] = {}
    for rows in families().together:
        there = next((row for row in rows if set(row) <= free - set(table)), None)
        if there is None or not stream.chance(RENAMED):
            continue
        for row in stream.shuffled(rows):
            fits = all(
                _may_be(old, new, taken - {old}) for old, new in zip(there, row, strict=True)
            )
            if row != there and fits:
                table |= {old: new for old, new in zip(there, row, strict=True) if old != new}
                taken.update(row)
                break
    return table


def _may_be(old: str, new: str, taken: set[str]) -> bool:
    return new not in taken and new not in reserved() and serves_alike(old, new)


def _draw(name: str, stream: Stream, taken: set[str]) -> str | None:
    """Return another name of the same meaning that stands nowhere in the program."""
    known = families()
    made = [m for family in known.mutual if name in family for m in family]
    made += [m for family in known.whole if name == family[0] for m in family]
    made += [m for _ in range(4) if (m := _by_words(name, stream)) is not None]
    for new in stream.shuffled(list(dict.fromkeys(made))):
        if _may_be(name, new, taken):
            return new
    return None


def _by_words(name: str, stream: Stream) -> str | None:
    """Return the name with each of its words replaced by one of its family."""
    if "_" not in name and not name[:1].isupper() and not name.isupper():
        parts, glue = [name], "_"
    elif "_" not in name and not name.isupper():
        parts, glue = re.findall(r"[A-Z]+[a-z0-9]*", name), ""
    else:
        parts, glue = name.split("_"), "_"
    table = {word: family for family in reversed(families().words) for word in family[:1]}
    made = []
    for part in parts:
        word = part.lower() if name.isupper() else part
        family = table.get(word)
        new = stream.choice(family) if family else word
        made.append(new.upper() if name.isupper() else new)
    result = glue.join(made)
    return result if result.isidentifier() and result != name and len(made) > 0 else None


def _uses(tree: Tree) -> Uses:
    """Return where every name stands that can be told apart, and which must stay."""
    uses = Uses()
    classes = {c.name.value: c for c in tree.all(cst.ClassDef)}
    uses.kept |= _imported(tree) | _fields(tree) | _queried(tree) | _printed(tree)
    methods = {id(f.name): f for f in tree.all(cst.FunctionDef) if _is_method(tree, f)}
    attributes = {id(a.attr): a for a in tree.all(cst.Attribute)}
    keywords = {id(a.keyword): a for a in tree.all(cst.Arg) if a.keyword is not None}
    outside = _outside(tree)
    bound = _bound(tree)
    own = _own_attributes(tree, classes)
    for node in tree.all(cst.Name):
        name = node.value
        uses.taken.add(name)
        if id(node) in outside:
            continue
        if id(node) in attributes or id(node) in methods:
            if name in own:
                uses.attributes.setdefault(name, []).append(node)
        elif id(node) in keywords:
            if _is_own_parameter(tree, keywords[id(node)], name):
                uses.keywords.setdefault(name, []).append(node)
        elif name in bound:
            uses.variables.setdefault(name, []).append(node)
    uses.kept |= set(_unsafe_parameters(tree))
    uses.taken |= {m for text in tree.all(cst.SimpleString) for m in _WORD.findall(text.value)}
    return uses


def _outside(tree: Tree) -> set[int]:
    """Return the name nodes of import lines, which the library gives."""
    lines = [*tree.all(cst.Import), *tree.all(cst.ImportFrom)]
    return {id(name) for line in lines for name in tree.all(cst.Name, line)}


def _imported(tree: Tree) -> set[str]:
    lines = [*tree.all(cst.Import), *tree.all(cst.ImportFrom)]
    return {name.value for line in lines for name in tree.all(cst.Name, line)}


def _bound(tree: Tree) -> set[str]:
    """Return the names that the program itself gives to something."""
    names = {p.name.value for p in tree.all(cst.Param)}
    names |= {f.name.value for f in tree.all(cst.FunctionDef) if not _is_method(tree, f)}
    names |= {c.name.value for c in tree.all(cst.ClassDef)}
    names |= {n for a in tree.all(cst.Assign) for t in a.targets for n in _plain(t.target)}
    names |= {n for f in tree.all(cst.For) for n in _plain(f.target)}
    names |= {n for f in tree.all(cst.CompFor) for n in _plain(f.target)}
    names |= {n for a in tree.all(cst.AsName) for n in _plain(a.name)}
    names |= {n for a in tree.all(cst.NamedExpr) for n in _plain(a.target)}
    return names | {n for a in tree.all(cst.AnnAssign) for n in _plain(a.target)}


def _plain(target: cst.BaseExpression) -> Iterator[str]:
    if isinstance(target, cst.Name):
        yield target.value
    elif isinstance(target, cst.Tuple | cst.List):
        for element in target.elements:
            yield from _plain(element.value)


def _is_method(tree: Tree, function: cst.FunctionDef) -> bool:
    block = tree.parent(function)
    return block is not None and isinstance(tree.parent(block), cst.ClassDef)


def _fields(tree: Tree) -> set[str]:
    """Return the names that the body of a class binds, but for methods."""
    found: set[str] = set()
    for node in tree.all(cst.ClassDef):
        for line in node.body.body:
            if isinstance(line, cst.SimpleStatementLine):
                for part in line.body:
                    if isinstance(part, cst.AnnAssign):
                        found |= set(_plain(part.target))
                    elif isinstance(part, cst.Assign):
                        found |= {n for t in part.targets for n in _plain(t.target)}
    return found


def _queried(tree: Tree) -> set[str]:
    """Return the names that pandas may read from inside a query string (``@low``)."""
    texts = [node.value for node in tree.all(cst.SimpleString)]
    texts += [node.value for node in tree.all(cst.FormattedStringText)]
    return {name for text in texts for name in re.findall(r"@(\w+)", text)}


def _printed(tree: Tree) -> set[str]:
    """Return the names that ``f"{name=}"`` prints."""
    shown = [part for part in tree.all(cst.FormattedStringExpression) if part.equal is not None]
    return {name.value for part in shown for name in tree.all(cst.Name, part)}


def _own_attributes(tree: Tree, classes: dict[str, cst.ClassDef]) -> set[str]:
    """Return methods, and attributes set on ``self``, that nothing but own objects has.

    Classes that inherit from a library are left alone: the library calls their methods by name.
    """
    plain = [c for c in classes.values() if _is_plain(c)]
    if not plain or any(call_name(c) in ("getattr", "setattr", "hasattr") for c in tree.calls()):
        return set()
    objects = {"self", "cls", *(c.name.value for c in plain)} | _instances(tree, plain)
    names = {
        f.name.value
        for c in plain
        for f in c.body.body
        if isinstance(f, cst.FunctionDef) and not f.name.value.startswith("__")
    }
    names |= {a.attr.value for a in _assigned_attributes(tree) if _base(a) in objects}
    for node in tree.all(cst.Attribute):
        if node.attr.value in names and _base(node) not in objects:
            names.discard(node.attr.value)
    inherited = {
        f.name.value
        for c in classes.values()
        if c not in plain
        for f in c.body.body
        if isinstance(f, cst.FunctionDef)
    }
    return names - inherited - _fields(tree)


def _is_plain(node: cst.ClassDef) -> bool:
    decorators = {cst.Module([]).code_for_node(d.decorator) for d in node.decorators}
    bases = [b.value.value for b in node.bases if isinstance(b.value, cst.Name)]
    return not decorators and len(bases) == len(node.bases) and set(bases) <= PLAIN_BASES


def _instances(tree: Tree, plain: Iterable[cst.ClassDef]) -> set[str]:
    """Return the variables that only ever hold objects of the program's own classes."""
    makers = {"cls", *(c.name.value for c in plain)}
    made: set[str] = set()
    other: set[str] = {p.name.value for p in tree.all(cst.Param)}
    for assign in tree.all(cst.Assign):
        own = _is_made(assign.value, makers)
        (made if own else other).update(target_names(assign))
    other |= {n for f in (*tree.all(cst.For), *tree.all(cst.CompFor)) for n in _plain(f.target)}
    return made - other


def _is_made(value: cst.BaseExpression, makers: set[str]) -> bool:
    if isinstance(value, cst.IfExp):
        return _is_made(value.body, makers) and _is_made(value.orelse, makers)
    if not isinstance(value, cst.Call):
        return False
    head = value.func
    if isinstance(head, cst.Attribute):
        head = head.value
    return isinstance(head, cst.Name) and head.value in makers


def _assigned_attributes(tree: Tree) -> Iterator[cst.Attribute]:
    for assign in tree.all(cst.Assign):
        for target in assign.targets:
            parts = target.target
            flat = [e.value for e in parts.elements] if isinstance(parts, cst.Tuple) else [parts]
            yield from (part for part in flat if isinstance(part, cst.Attribute))


def _base(node: cst.Attribute) -> str:
    return node.value.value if isinstance(node.value, cst.Name) else ""


def _called(tree: Tree, call: cst.Call) -> cst.FunctionDef | None:
    """Return the program's own function that a call runs; None for a library's."""
    name, head = call_name(call), call.func
    for function in tree.all(cst.FunctionDef):
        if isinstance(head, cst.Name):
            if function.name.value == name and not _is_method(tree, function):
                return function
            home = tree.nearest(function, cst.ClassDef)
            made = home is not None and home.name.value == name
            if made and function.name.value == "__init__":
                return function
        elif isinstance(head, cst.Attribute) and _base(head) in ("self", "cls"):
            if function.name.value == name and _is_method(tree, function):
                return function
    return None


def _is_own_parameter(tree: Tree, argument: cst.Arg, name: str) -> bool:
    call = tree.parent(argument)
    function = _called(tree, call) if isinstance(call, cst.Call) else None
    return function is not None and name in _parameters(function)


def _parameters(function: cst.FunctionDef) -> set[str]:
    params = function.params
    every = (*params.params, *params.kwonly_params, *params.posonly_params)
    return {parameter.name.value for parameter in every}


def _unsafe_parameters(tree: Tree) -> Iterator[str]:
    """Yield the parameters that may be named by a call which cannot be followed.

    By ``f(**settings)``, by ``frame.pipe(f, share=0.2)``, or by a method of some object.
    """
    functions = tree.all(cst.FunctionDef)
    every = {name for function in functions for name in _parameters(function)}
    for call in tree.calls():
        function = _called(tree, call)
        if function is not None and any(a.star == "**" for a in call.args):
            yield from _parameters(function)
        if function is None:
            handed = {a.value.value for a in call.args if isinstance(a.value, cst.Name)}
            own = {f.name.value for f in functions}
            methods = {f.name.value for f in functions if _is_method(tree, f)}
            if handed & own or call_name(call) in methods:
                named = {a.keyword.value for a in call.args if a.keyword is not None}
                yield from named & every


def _rename_in_words(notes: Rewrites, table: dict[str, str]) -> None:
    """Note the new names in comments and docstrings, where they plainly speak of the name.

    Plainly: in backquotes, with an underscore, or in capitals.
    """
    plain = {n: m for n, m in table.items() if "_" in n.strip("_") or (n.isupper() and len(n) > 3)}

    def renamed(text: str) -> str:
        text = re.sub(r"`(\w+)`", lambda m: f"`{table.get(m[1], m[1])}`", text)
        return _WORD.sub(lambda m: plain.get(m[0], m[0]), text)

    for node in _docstrings(notes.tree):
        if renamed(node.value) != node.value:
            notes.change(node, lambda old: old.with_changes(value=renamed(old.value)))
    for comment in notes.tree.all(cst.Comment):
        if renamed(comment.value) != comment.value:
            notes.change(comment, lambda old: old.with_changes(value=renamed(old.value)))
    for line in notes.tree.all(cst.SimpleStatementLine):
        behind = line.trailing_whitespace.comment
        if behind is not None and renamed(behind.value) != behind.value:
            new = behind.with_changes(value=renamed(behind.value))
            space = line.trailing_whitespace.with_changes(comment=new)
            notes.change(line, lambda old, space=space: old.with_changes(trailing_whitespace=space))


def _docstrings(tree: Tree) -> Iterator[cst.SimpleString]:
    for expression in tree.all(cst.Expr):
        if isinstance(expression.value, cst.SimpleString):
            yield expression.value
