"""Where the names of a program stand, and which of them something outside may read.

A name is told apart by what it is: a variable, parameter, function or class of the program; a
method or attribute that only the program's own objects have; a keyword by which a call hands a
value to one of the program's own functions.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import libcst as cst

from seeded_bugs.syntax.tree import Tree, call_name, target_names

PLAIN_BASES = frozenset({"Exception", "ValueError", "RuntimeError", "object"})
_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass
class Uses:
    """Where the names of a program stand, by what they are.

    ``variables`` can be renamed, ``attributes`` are the program's own methods and the attributes
    it sets on ``self``; ``kept`` must not be renamed; ``words`` are those in strings.
    """

    variables: dict[str, list[cst.Name]] = field(default_factory=dict)
    attributes: dict[str, list[cst.Name]] = field(default_factory=dict)
    keywords: dict[str, list[cst.Name]] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)


def uses_of(tree: Tree) -> Uses:
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
    uses.words |= {m for text in tree.all(cst.SimpleString) for m in _WORD.findall(text.value)}
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
    other |= {n for f in tree.all(cst.For) for n in _plain(f.target)}
    other |= {n for f in tree.all(cst.CompFor) for n in _plain(f.target)}
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
        elif isinstance(head, cst.Attribute):
            of_own = _base(head) in ("self", "cls") and _is_method(tree, function)
            if of_own and function.name.value == name:
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
