"""How a program measures its model: metric calls, what they compare, and the score it goes by."""

import re
from dataclasses import dataclass

import libcst as cst

from seeded_bugs.syntax.imported import imported
from seeded_bugs.syntax.shapes import CROSS_VALIDATION, metric_calls
from seeded_bugs.syntax.sides import Sides, baselines, bindings
from seeded_bugs.syntax.task import has_several_classes, is_classification
from seeded_bugs.syntax.tree import Scope, Tree, call_name, code, keyword, string

RANKING = ("roc_auc_score", "average_precision_score")
_TRUTH = re.compile(r"y|y_\w+|\w*(truth|true|label|target|actual)\w*", re.IGNORECASE)
_GUESS = re.compile(r"pred|hat|score|prob|guess", re.IGNORECASE)


@dataclass(frozen=True)
class Judged:
    """A call of a metric: what is compared with what. ``model`` is False for a baseline's."""

    call: cst.Call
    truth: str
    guess: cst.Arg
    scope: Scope
    model: bool


@dataclass(frozen=True)
class Headline:
    """The score that a program goes by.

    Args:
        name: a short word for it, fit for a variable: ``auc``.
        metric: the function of ``sklearn.metrics``.
        more: further arguments of the call, with a comma in front.
        proba: whether it takes probabilities of the second class rather than classes or values.
        least: whether less is better.
    """

    name: str
    metric: str
    more: str = ""
    proba: bool = False
    least: bool = False

    def of(self, model: str, x: str, y: str) -> str:
        """Return the expression of this score for a fitted model on some rows."""
        asked = f"predict_proba({x})[:, 1]" if self.proba else f"predict({x})"
        return f"{self.metric}({y}, {model}.{asked}{self.more})"


HEADLINES = {
    "roc_auc": Headline("auc", "roc_auc_score", proba=True),
    "average_precision": Headline("ap", "average_precision_score", proba=True),
    "neg_log_loss": Headline("loss", "log_loss", proba=True, least=True),
    "f1": Headline("f1", "f1_score"),
    "f1_macro": Headline("f1", "f1_score", ', average="macro"'),
    "neg_mean_absolute_error": Headline("mae", "mean_absolute_error", least=True),
    "neg_root_mean_squared_error": Headline("rmse", "root_mean_squared_error", least=True),
    "accuracy": Headline("accuracy", "accuracy_score"),
}


def find_headline(tree: Tree) -> Headline | None:
    """Return the score that cross-validation computes, or else the first fitting imported one."""
    known = imported(tree, "sklearn.metrics")
    for call in tree.calls(*CROSS_VALIDATION):
        given = keyword(call, "scoring")
        found = HEADLINES.get(string(given.value) or "") if given else None
        if found is not None and found.metric in known:
            return found
    several = has_several_classes(tree)
    return next(
        (h for h in HEADLINES.values() if h.metric in known and several == bool(h.more)), None
    )


def is_truth(name: str) -> bool:
    """Tell by its name whether a variable holds labels as observed."""
    return bool(_TRUTH.fullmatch(name)) and not _GUESS.search(name)


def judged(tree: Tree) -> list[Judged]:
    """Return the metric calls that compare labels with what a model says, in order."""
    found, dull = [], baselines(tree)
    for call in metric_calls(tree):
        scope = tree.scope(call)
        given = [a for a in call.args if a.keyword is None and not a.star]
        if len(given) != 2 or not isinstance(given[0].value, cst.Name):
            continue
        truth, guess = given[0].value.value, given[1]
        told = isinstance(guess.value, cst.Name) and is_truth(guess.value.value)
        if is_truth(truth) and not told:
            model = not _source(tree, scope, guess.value) & dull
            found.append(Judged(call, truth, guess, scope, model))
    return found


def swapped(call: cst.Call, first: cst.Arg, second: cst.Arg) -> cst.Call:
    """Return a call with the values of two arguments exchanged."""
    values = {id(first): second.value, id(second): first.value}
    args = [a.with_changes(value=values.get(id(a), a.value)) for a in call.args]
    return call.with_changes(args=args)


def decisions(tree: Tree, scored: Judged) -> str | None:
    """Return the classes that belong to the scores of a metric call, as an expression.

    The name bound above to a comparison of the scores (``alert = scores >= threshold``), or
    ``model.predict(X)`` where the scores are asked for in place; None where neither is at hand.
    """
    value = scored.guess.value
    asked = value.value if isinstance(value, cst.Subscript) else value
    if isinstance(asked, cst.Call) and call_name(asked) == "predict_proba":
        return code(asked).replace("predict_proba", "predict", 1)
    if not isinstance(value, cst.Name):
        return None
    line = tree.statement(scored.call)
    for name, bound in bindings(tree, scored.scope):
        made = tree.statement(bound)
        if made is line or made not in tree.before(line):
            continue
        for comparison in tree.all(cst.Comparison, bound):
            if isinstance(comparison.left, cst.Name) and comparison.left.value == value.value:
                return name
    return None


def is_binary(tree: Tree) -> bool:
    """Tell whether the program sorts rows into two classes."""
    return is_classification(tree) and not has_several_classes(tree)


def predictions(tree: Tree, sides: Sides) -> list[tuple[str, cst.SimpleStatementLine]]:
    """Return the names bound, below the fit, to what the model says of the held-out rows."""
    found = []
    later = tree.after(sides.fit) if sides.fit in tree.block(sides.fit) else []
    for name, value in bindings(tree, sides.split.scope):
        line = tree.statement(value)
        if isinstance(line, cst.SimpleStatementLine) and any(line is s for s in later):
            asked = any(
                {sides.model, sides.test_x} <= tree.names(call) for call in tree.calls(within=value)
            )
            if asked and call_name_of(value) != "fit":
                found.append((name, line))
    return found


def call_name_of(value: cst.BaseExpression) -> str:
    """Return the name that a value calls; '' where it is no call."""
    return call_name(value) if isinstance(value, cst.Call) else ""


def _source(tree: Tree, scope: Scope, value: cst.BaseExpression) -> set[str]:
    """Return the names in a value and, for a plain name, in what it was bound to."""
    names = set(tree.names(value))
    if isinstance(value, cst.Name):
        for name, bound in bindings(tree, scope):
            if name == value.value:
                names |= tree.names(bound)
    return names
