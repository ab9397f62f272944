"""Variation: variables, parameters, functions, classes and methods get other natural names.

A name is changed wherever it stands in the program, for a name that stands nowhere; so what it is
bound to stays what it was. Left alone are names that something outside reads: fields of classes
(they may become columns), imported names, names inside query strings.
"""

import builtins
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import libcst as cst

from grader.generate.vary.marks import reserved, serves_alike
from grader.generate.vary.rewrite import Rewrites, setting
from grader.generate.vary.uses import uses_of
from grader.records.base import Record
from grader.stream import Stream
from seeded_bugs.syntax.tree import Tree, call_name, string

RENAMED = 85  # per cent of the names that have a family
READS_NAMES = frozenset({"eval", "exec", "globals", "locals", "vars"})
KEPT = frozenset({"main", "self", "cls", "_", *dir(builtins)})
_WORD = re.compile(r"[A-Za-z_]\w*")


class Families(Record):
    """The contents of ``names.toml``."""

    together: tuple[tuple[tuple[str, ...], ...], ...]
    mutual: tuple[tuple[str, ...], ...]
    folders: tuple[tuple[str, ...], ...]
    whole: tuple[tuple[str, ...], ...]
    words: tuple[tuple[str, ...], ...]
    steps: tuple[tuple[str, ...], ...]


@cache
def families() -> Families:
    """Return the families of names that mean the same."""
    text = files("grader.generate.vary").joinpath("names.toml").read_text("utf-8")
    return Families.model_validate(tomllib.loads(text))


def rename(notes: Rewrites, stream: Stream) -> None:
    """Note new names for most names of the program, in code, comments and docstrings alike."""
    tree = notes.tree
    reading = (call for call in tree.calls() if call_name(call) in READS_NAMES)
    if not all(_asks_for_dunder(tree, call) for call in reading):
        return
    uses = uses_of(tree)
    notes.taken |= uses.words
    free = {*uses.variables, *uses.attributes} - uses.kept - KEPT
    folders = _folders(tree)
    table = _draw_together(free, stream, notes.taken)
    for name in sorted(free - set(table)):
        if not name.startswith("__") and stream.chance(RENAMED):
            new = _draw(name, stream, notes.taken, name in folders)
            if new is not None:
                table[name] = new
                notes.taken.add(new)
    for name, new in table.items():
        for group in (uses.variables, uses.attributes, uses.keywords):
            for node in group.get(name, ()):
                notes.change(node, setting(value=new))
    _rename_in_words(notes, table)


def _asks_for_dunder(tree: Tree, call: cst.Call) -> bool:
    """Tell whether a call is all of ``"__file__" in globals()``, which no new name changes."""
    side = tree.parent(call)
    above = tree.parent(side) if side is not None else None
    if not isinstance(side, cst.ComparisonTarget) or not isinstance(above, cst.Comparison):
        return False
    if len(above.comparisons) != 1:
        return False
    name = string(above.left) or ""
    return isinstance(side.operator, cst.In) and name.startswith("__") and name.endswith("__")


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


def _folders(tree: Tree) -> set[str]:
    """Return the names that a file name is joined to with a slash."""
    joined = [b for b in tree.all(cst.BinaryOperation) if isinstance(b.operator, cst.Divide)]
    named = [b.left.value for b in joined if isinstance(b.left, cst.Name) and _is_text(b.right)]
    return set(named)


def _is_text(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.SimpleString | cst.FormattedString)


def _draw(name: str, stream: Stream, taken: set[str], is_folder: bool) -> str | None:
    """Return another name of the same meaning that stands nowhere in the program."""
    known = families()
    made = [m for family in known.mutual if name in family for m in family]
    whole = (*known.whole, *(known.folders if is_folder else ()))
    made += [m for family in whole if name == family[0] for m in family]
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
            notes.change(node, setting(value=renamed(node.value)))
    for comment in notes.tree.all(cst.Comment):
        if renamed(comment.value) != comment.value:
            notes.change(comment, setting(value=renamed(comment.value)))
    for line in notes.tree.all(cst.SimpleStatementLine):
        behind = line.trailing_whitespace.comment
        if behind is not None and renamed(behind.value) != behind.value:
            new = behind.with_changes(value=renamed(behind.value))
            space = line.trailing_whitespace.with_changes(comment=new)
            notes.change(line, setting(trailing_whitespace=space))


def _docstrings(tree: Tree) -> Iterator[cst.SimpleString]:
    for expression in tree.all(cst.Expr):
        if isinstance(expression.value, cst.SimpleString):
            yield expression.value
