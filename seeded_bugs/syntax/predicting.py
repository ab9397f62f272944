"""Where the prediction way asks the stored model, and with which rows."""

from dataclasses import dataclass

import libcst as cst

from seeded_bugs.syntax.served import find_served
from seeded_bugs.syntax.tree import Tree, assignment, call_name, code, statement

ASKING = ("predict_proba", "predict")


@dataclass(frozen=True)
class Prediction:
    """The statement of the prediction way that asks the model: ``scores = model.predict(rows)``.

    Args:
        line: the statement.
        call: the call that asks: of the model itself, or of a helper that is given the model.
        model: the text of the model, e.g. ``bundle["pipeline"]``.
        frame: the name of the table that holds the rows.
        direct: whether the model is asked here and not in a helper.
        method: ``predict`` or ``predict_proba``.
    """

    line: cst.SimpleStatementLine
    call: cst.Call
    model: str
    frame: str
    rows: str
    direct: bool
    method: str

    def first(self, *lines: cst.BaseStatement) -> list[cst.BaseStatement]:
        """Return the statement with other ones above it; a blank line above stays above."""
        return stacked([*lines, self.line], self.line)

    def target(self, tree: Tree) -> str | None:
        """Return the name that takes just what the model answers; None where more is done."""
        assign = assignment(self.line)
        if assign is None or not isinstance(assign.targets[0].target, cst.Name):
            return None
        value = assign.value
        answer = value.value if isinstance(value, cst.Subscript) else value
        return assign.targets[0].target.value if answer is self.call else None


def stacked(
    lines: list[cst.BaseStatement], old: cst.SimpleStatementLine
) -> list[cst.BaseStatement]:
    """Return statements for the place of ``old``: what stood above it stands above the first."""
    above = old.leading_lines
    if lines[0] is old or not above:
        return lines
    bare = [s.with_changes(leading_lines=[]) if s is old else s for s in lines]
    return [bare[0].with_changes(leading_lines=above), *bare[1:]]


def stacked_above(
    new: cst.SimpleStatementLine | cst.BaseCompoundStatement,
    old: cst.SimpleStatementLine | cst.BaseCompoundStatement,
) -> list[cst.BaseStatement]:
    """Return one statement above another; what stood above the old one stands above both."""
    if not old.leading_lines:
        return [new, old]
    bare = old.with_changes(leading_lines=[])
    return [new.with_changes(leading_lines=old.leading_lines), bare]


def find_prediction(tree: Tree) -> Prediction | None:
    """Return where the prediction way asks the model; None where it cannot be told."""
    served = find_served(tree)
    if served is None:
        return None
    helpers = {function.name.value: function for function in tree.all(cst.FunctionDef)}
    for call in tree.calls(within=served.scope):
        line, name = tree.statement(call), call_name(call)
        if not isinstance(line, cst.SimpleStatementLine) or not call.args:
            continue
        if name in ASKING and isinstance(call.func, cst.Attribute):
            model, rows = code(call.func.value), call.args[0].value
            found = _prediction(line, call, model, rows, True, name)
        else:
            found = _through_helper(tree, line, call, helpers.get(name))
        if found is not None:
            return found
    return None


def _through_helper(
    tree: Tree, line: cst.SimpleStatementLine, call: cst.Call, helper: cst.FunctionDef | None
) -> Prediction | None:
    """Return the call of ``def scores(model, rows): return model.predict_proba(rows)...``."""
    if helper is None or len(call.args) < 2 or any(a.keyword is not None for a in call.args):
        return None
    parameters = [parameter.name.value for parameter in helper.params.params]
    for asked in tree.calls(*ASKING, within=helper):
        if not isinstance(asked.func, cst.Attribute) or not asked.args:
            continue
        asker, given = asked.func.value, asked.args[0].value
        names = [n.value for n in (asker, given) if isinstance(n, cst.Name)]
        if parameters[:2] == names:
            model, rows = code(call.args[0].value), call.args[1].value
            return _prediction(line, call, model, rows, False, call_name(asked))
    return None


def _prediction(
    line: cst.SimpleStatementLine,
    call: cst.Call,
    model: str,
    rows: cst.BaseExpression,
    direct: bool,
    method: str,
) -> Prediction | None:
    base = rows.value if isinstance(rows, cst.Subscript) else rows
    if not isinstance(base, cst.Name):
        return None
    return Prediction(line, call, model, base.value, code(rows), direct, method)


def line_of(text: str) -> cst.SimpleStatementLine:
    """Parse one simple line."""
    line = statement(text)
    assert isinstance(line, cst.SimpleStatementLine)
    return line
