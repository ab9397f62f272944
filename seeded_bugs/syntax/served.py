"""The prediction way's table of features, also where it is computed inside another call.

``find_serving`` knows ``rows = add_features(rows)``. A program may as well write
``model.predict(add_features(rows))``; to do something to the features there, they get a name first.
"""

from dataclasses import dataclass

import libcst as cst

from seeded_bugs.contract import Edit
from seeded_bugs.syntax.shapes import find_serving, find_split, is_apart
from seeded_bugs.syntax.tree import Scope, Tree, assignment, call_name, code, statements

FREE_NAMES = ("rows", "features", "table", "incoming")


@dataclass(frozen=True)
class Served:
    """The features of the prediction way: their name, and the statement that computes them.

    Args:
        frame: the name that holds the features, or will once they are taken out of ``nested``.
        nested: the call that computes them inside a longer statement; None if they have a name.
    """

    line: cst.SimpleStatementLine
    frame: str
    scope: Scope
    nested: cst.Call | None = None

    def then(self, text: str) -> Edit:
        """Return the edit that runs the statements of ``text`` on the features once they exist."""
        added = statements(text)
        if self.nested is None:
            return Edit(self.line, [self.line, *added], "support")
        named = statements(f"{self.frame} = {code(self.nested)}\n")
        user = self.line.deep_replace(self.nested, cst.Name(self.frame))
        assert isinstance(user, cst.SimpleStatementLine)
        return Edit(self.line, [*named, *added, user], "support")


def find_served(tree: Tree) -> Served | None:
    """Return the features of the prediction way; None where the program has none."""
    serving = find_serving(tree)
    if serving is not None:
        last = _last_step(tree, serving.line, serving.frame)
        return Served(last, serving.frame, serving.scope)
    split = find_split(tree)
    own = {function.name.value for function in tree.all(cst.FunctionDef)}
    for call in tree.calls(*own) if own and split else []:
        line, scope = tree.statement(call), tree.scope(call)
        if (
            "feature" in call_name(call).lower()
            and isinstance(line, cst.SimpleStatementLine)
            and split is not None
            and is_apart(tree, scope, split)
        ):
            taken = tree.names(scope) | tree.names(tree.module)
            free = [name for name in FREE_NAMES if name not in taken]
            return Served(line, free[0], scope, call) if free else None
    return None


def _last_step(tree: Tree, line: cst.SimpleStatementLine, frame: str) -> cst.SimpleStatementLine:
    """Return the last of the lines that go on working on the features.

    What is done to them further must come after, in the order of training.
    """
    last = line
    for following in tree.after(line):
        assign = assignment(following)
        if assign is None or not isinstance(following, cst.SimpleStatementLine):
            break
        target = assign.targets[0].target
        changed = target.value if isinstance(target, cst.Subscript) else target
        if not (isinstance(changed, cst.Name) and changed.value == frame):
            break
        last = following
    return last
