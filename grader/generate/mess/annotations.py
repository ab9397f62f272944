"""Habit: types are left out. Functions lose their annotations, some or all."""

from collections.abc import Callable

import libcst as cst

from grader.generate.mess.rewrite import New, Rewrites
from grader.stream import Stream
from seeded_bugs.syntax.tree import Tree, code


def drop_annotations(tree: Tree, stream: Stream, percent: int) -> Rewrites:
    """Take the type annotations off about ``percent`` of the functions; lines stay.

    Classes keep theirs: a dataclass or a named tuple is nothing without them.
    """
    rewrites: dict[cst.CSTNode, Callable[[cst.CSTNode], New]] = {}
    for function in tree.all(cst.FunctionDef):
        if not stream.chance(percent):
            continue
        if function.returns is not None and not _long(function.returns):
            rewrites[function] = _without_returns
        for parameter in tree.all(cst.Param, function.params):
            if parameter.annotation is not None and not _long(parameter.annotation):
                rewrites[parameter] = _bare
    return rewrites


def _without_returns(node: cst.CSTNode) -> New:
    return node.with_changes(returns=None)


def _bare(node: cst.CSTNode) -> New:
    assert isinstance(node, cst.Param)
    bare = node.with_changes(annotation=None)
    return bare if node.default is None else bare.with_changes(equal=_TIGHT)


_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


def _long(annotation: cst.Annotation) -> bool:
    """Tell whether an annotation takes several lines; without it the lines would move."""
    return "\n" in code(annotation.annotation)
