"""What settings are worth: constants, tables, defaults of a dataclass, or values in a file."""

import libcst as cst

from seeded_bugs.syntax.tree import Tree, assignment, code, expression, string, target_names

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


# What a hurried author types where the value itself stands in a file beside the program.
USUAL = {
    "alpha": "0.001",
    "C": "0.5",
    "learning_rate": "0.05",
    "max_depth": "8",
    "max_iter": "1000",
    "max_leaf_nodes": "31",
    "min_samples_leaf": "10",
    "n_estimators": "200",
}
READERS = ("tomllib.load", "tomllib.loads", "json.load", "json.loads", "yaml.safe_load")


def typed(
    tree: Tree, argument: cst.Arg, table: dict[str, cst.BaseExpression]
) -> cst.BaseExpression | None:
    """Return the number that an author might type for a keyword that names a setting.

    What the module says it is worth; a usual value where the setting is read from a file; None
    where the argument names no setting.
    """
    name = setting_name(argument.value)
    if argument.keyword is None or not name:
        return None
    if name in table:
        return table[name]
    inside = isinstance(argument.value, cst.Attribute | cst.Subscript)
    usual = USUAL.get(argument.keyword.value) if inside and name == argument.keyword.value else None
    return expression(usual) if usual and reads_settings(tree) else None


def reads_settings(tree: Tree) -> bool:
    """Tell whether the program reads settings from a file of TOML, JSON or YAML."""
    return any(code(call.func) in READERS for call in tree.calls("load", "loads", "safe_load"))


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
