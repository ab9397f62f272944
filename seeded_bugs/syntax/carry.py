"""Carrying a fitted object from training to serving through the stored bundle.

A flaw that moves a fitted step out of the pipeline must still reach the prediction way, or the
program would hold a second flaw (serving without the step). Two shapes are known: functions that
share a bundle (``bundle["scaler"]``) and a class whose loader fills attributes (``self.scaler``).
"""

from dataclasses import dataclass

import libcst as cst

from seeded_bugs.contract import Edit
from seeded_bugs.syntax.served import Served, find_served
from seeded_bugs.syntax.shapes import Split, find_bundle, find_split
from seeded_bugs.syntax.tree import Tree, assignment, expression, statement, string


@dataclass(frozen=True)
class Carried:
    """How training and serving name the object, and the edits that connect them."""

    trained: str
    served: str
    edits: tuple[Edit, ...]


def carry(tree: Tree, name: str) -> Carried | None:
    """Return the way to carry an object called ``name``; None where the program offers none.

    Nor where the splitting scope uses that name for something of its own.
    """
    split, serving, bundle = find_split(tree), find_served(tree), find_bundle(tree)
    if split is None or serving is None or bundle is None or name in tree.names(split.scope):
        return None
    if tree.scope(bundle) is split.scope:
        return _through_bundle(tree, serving, bundle, name)
    return _through_self(tree, split, serving, bundle, name)


def _through_bundle(tree: Tree, serving: Served, bundle: cst.Dict, name: str) -> Carried | None:
    stored = _keys(bundle)
    for part in tree.all(cst.Subscript, serving.scope):
        if isinstance(part.value, cst.Name) and _index(part) in stored:
            served = f'{part.value.value}["{name}"]'
            return Carried(name, served, (_stored(bundle, name, name),))
    return None


def _through_self(
    tree: Tree, split: Split, serving: Served, bundle: cst.Dict, name: str
) -> Carried | None:
    home = tree.nearest(split.scope, cst.ClassDef)
    if home is None or tree.nearest(serving.scope, cst.ClassDef) is not home:
        return None
    stored = _keys(bundle)
    for line in tree.all(cst.SimpleStatementLine, home):
        assign = assignment(line)
        if assign is None or tree.scope(line) is split.scope:
            continue
        target, parts = assign.targets[0].target, tree.all(cst.Subscript, assign)
        first = target.elements[0].value if isinstance(target, cst.Tuple) else target
        loaded = [p for p in parts if isinstance(p.value, cst.Name) and _index(p) in stored]
        if isinstance(first, cst.Attribute) and isinstance(first.value, cst.Name) and loaded:
            source = loaded[0].value
            assert isinstance(source, cst.Name)
            fill = statement(f'{first.value.value}.{name} = {source.value}["{name}"]')
            edits = (
                _stored(bundle, name, f"self.{name}"),
                Edit(line, [line, fill], "support"),
            )
            return Carried(f"self.{name}", f"self.{name}", edits)
    return None


def _keys(bundle: cst.Dict) -> set[str]:
    keys = (string(e.key) for e in bundle.elements if isinstance(e, cst.DictElement))
    return {key for key in keys if key is not None}


def _index(part: cst.Subscript) -> str | None:
    only = part.slice[0].slice
    return string(only.value) if isinstance(only, cst.Index) else None


def _stored(bundle: cst.Dict, key: str, value: str) -> Edit:
    """Return the edit that puts one more element first into the bundle."""
    elements = list(bundle.elements)
    first = elements[0]
    spaced = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    comma = _bare(first.comma) if isinstance(first.comma, cst.Comma) else spaced
    added = cst.DictElement(cst.SimpleString(f'"{key}"'), expression(value), comma=comma)
    return Edit(bundle, bundle.with_changes(elements=[added, *elements]), "support")


def _bare(comma: cst.Comma) -> cst.Comma:
    """Return a comma with its line break but without the comment of its line."""
    after = comma.whitespace_after
    if not isinstance(after, cst.ParenthesizedWhitespace):
        return comma
    line = after.first_line.with_changes(whitespace=cst.SimpleWhitespace(""), comment=None)
    return comma.with_changes(whitespace_after=after.with_changes(first_line=line))
