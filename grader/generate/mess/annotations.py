"""Habit: types are left out. Functions lose their annotations, some or all."""

import libcst as cst

from grader.stream import Stream


def drop_annotations(text: str, stream: Stream, percent: int) -> str:
    """Return the program with about ``percent`` of its functions without type annotations.

    Classes keep theirs: a dataclass or a named tuple is nothing without them.
    """
    module = cst.parse_module(text)
    return module.visit(_Dropper(stream, percent)).code


class _Dropper(cst.CSTTransformer):
    def __init__(self, stream: Stream, percent: int) -> None:
        super().__init__()
        self._stream, self._percent = stream, percent
        self._dropping: list[bool] = []

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self._dropping.append(self._stream.chance(self._percent))

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        dropping = self._dropping.pop() and not _long(original_node.returns)
        return updated_node.with_changes(returns=None) if dropping else updated_node

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
        annotation = original_node.annotation
        if not (self._dropping and self._dropping[-1]) or annotation is None or _long(annotation):
            return updated_node
        bare = updated_node.with_changes(annotation=None)
        if updated_node.default is None:
            return bare
        tight = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        return bare.with_changes(equal=tight)


def _long(annotation: cst.Annotation | None) -> bool:
    """Tell whether an annotation takes several lines; without it the lines would move."""
    return annotation is not None and "\n" in cst.Module([]).code_for_node(annotation.annotation)
