"""What module-level settings are worth: constants, dictionaries and dataclass defaults."""

import libcst as cst

from seeded_bugs.syntax.tree import Tree, assignment, string, target_names

Literal = cst.Integer | cst.Float | cst.SimpleString | cst.UnaryOperation


def settings(tree: Tree) -> dict[str, cst.BaseExpression]:
    """Return the literal that each setting stands for, by the last part of its name."""
    found: dict[str, cst.BaseExpression] = {}
    for line in tree.module.body:
        assign = assignment(line)
        if assign is not None and isinstance(assign.value, cst.Dict):
            found |= _of_dict(assign.value)
        elif assign is not None and len(target_names(assign)) == 1 and _plain(assign.value):
            found[target_names(assign)[0]] = assign.value
        elif isinstance(line, cst.ClassDef):
            found |= _of_class(line)
    return found


def setting_name(value: cst.BaseExpression) -> str:
    """Return how a setting is called where it is used: ``c`` for ``config.c``; else ''."""
    if isinstance(value, cst.Name):
        return value.value
    if isinstance(value, cst.Attribute):
        return value.attr.value
    if isinstance(value, cst.Subscript) and isinstance(value.slice[0].slice, cst.Index):
        return string(value.slice[0].slice.value) or ""
    return ""


def _of_dict(table: cst.Dict) -> dict[str, cst.BaseExpression]:
    pairs = [e for e in table.elements if isinstance(e, cst.DictElement) and _plain(e.value)]
    return {name: e.value for e in pairs if (name := string(e.key))}


def _of_class(node: cst.ClassDef) -> dict[str, cst.BaseExpression]:
    found: dict[str, cst.BaseExpression] = {}
    for line in node.body.body:
        if isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.AnnAssign):
            field = line.body[0]
            if isinstance(field.target, cst.Name) and field.value and _plain(field.value):
                found[field.target.value] = field.value
    return found


def _plain(value: cst.BaseExpression) -> bool:
    if isinstance(value, cst.UnaryOperation):
        return _plain(value.expression)
    return isinstance(value, cst.Integer | cst.Float | cst.SimpleString)
