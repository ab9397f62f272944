"""The scores of the folds of a cross-validation: their name, and what is asked of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from seeded_bugs.syntax.tree import (
    Scope,
    Tree,
    assignment,
    call_name,
    code,
    keyword,
    string,
    target_names,
)


@dataclass(frozen=True)
class FoldScores:
    """The line ``scores = cross_val_score(model, rows, labels)``.

    Args:
        call: the call of ``cross_val_score``.
        name: what its result is bound to.
        labels: the text of the labels that it is given, as many as there are rows.
        least: whether less is better: the negated score of an error is negated again.
        questions: the calls of methods of the result, in order.
    """

    line: cst.SimpleStatementLine
    call: cst.Call
    name: str
    labels: str
    least: bool
    questions: Sequence[cst.Call]

    def asked(self, *methods: str) -> list[cst.Call]:
        """Return the calls of these methods: ``asked("mean")`` for ``scores.mean()``."""
        return [call for call in self.questions if call_name(call) in methods]


def find_fold_scores(tree: Tree) -> FoldScores | None:
    """Return the first line that binds the scores of the folds; None where there is none."""
    for call in tree.calls("cross_val_score"):
        line = tree.statement(call)
        assign = assignment(line)
        names = target_names(assign) if assign is not None else []
        given = [argument.value for argument in call.args if argument.keyword is None]
        if assign is None or len(names) != 1 or len(given) < 3:
            continue
        value = assign.value
        negated = isinstance(value, cst.UnaryOperation)
        bare = value.expression if isinstance(value, cst.UnaryOperation) else value
        if bare is not call or not isinstance(line, cst.SimpleStatementLine):
            continue
        scoring = keyword(call, "scoring")
        error = (string(scoring.value) or "").startswith("neg_") if scoring else False
        questions = _questions(tree, tree.scope(line), names[0])
        return FoldScores(line, call, names[0], code(given[2]), negated and error, questions)
    return None


def _questions(tree: Tree, scope: Scope, name: str) -> list[cst.Call]:
    """Return the calls ``name.method(...)`` of a scope."""
    found = []
    for call in tree.calls(within=scope):
        asked = call.func.value if isinstance(call.func, cst.Attribute) else None
        if isinstance(asked, cst.Name) and asked.value == name:
            found.append(call)
    return found
