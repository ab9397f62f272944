"""The micro average over unequal classes: accuracy under another name."""

import re
from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Part, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.scoring import Judged, is_binary, judged
from seeded_bugs.syntax.shapes import CROSS_VALIDATION
from seeded_bugs.syntax.tree import (
    Tree,
    call_name,
    expression,
    keyword,
    string,
    tree_of,
    with_keyword,
)

AVERAGED = ("f1_score", "precision_score", "recall_score")

ENTRY = Entry(
    id="MLR305",
    name="micro_averaged_score",
    category="statistics",
    severity="major",
    anchor="span",
    title="Micro average over unequal classes",
    wrong=(
        'Precision, recall or F1 is averaged with average="micro" although the classes are of '
        "very unequal size."
    ),
    harm=(
        "Over all classes the micro averages of precision, recall and F1 are one and the same "
        "figure, the accuracy. The large class decides it, and a model that never finds the rare "
        "class still scores high."
    ),
    fix=(
        'Use average="macro" or the scores of each class; with two classes leave the default, '
        "which scores the positive class."
    ),
    said_well=(
        "average='micro' on unequal classes is just accuracy, so the big class dominates and the "
        "rare ones hardly count. Use macro averaging.",
        "Micro-averaged score hides the minority class.",
        "With micro averaging precision, recall and F1 all equal accuracy, therefore this says "
        "nothing about the rare class; report macro F1 or per-class recall.",
        "Wrong averaging: every row counts the same, so failing completely on a small class "
        "barely changes the score.",
        "Replace micro by macro, since class sizes differ a lot here.",
        "The averaging should treat the classes alike, or only look at the positive class. "
        "The micro average does neither.",
    ),
    near_misses=(
        "Accuracy is reported for an imbalanced target.",
        "The split is not stratified.",
        "Use class weights for the rare class.",
        "Prediction and truth are swapped in the metric call.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/model_evaluation.html#multiclass-and-multilabel-classification",
        "https://scikit-learn.org/stable/modules/generated/sklearn.metrics.f1_score.html",
    ),
    identifiers=("average", "micro", "f1_score", "precision_score", "recall_score"),
    elsewhere=("evaluate",),
    conflicts=("accuracy_on_rare_class", "metric_arguments_swapped"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """One site: the macro averages of the program, or precision and recall of two classes.

    None where accuracy is reported as such: the micro average would stand beside its own value.
    """
    tree = tree_of(module)
    if "accuracy_score" in tree.names():
        return
    calls = [found for found in judged(tree) if call_name(found.call) in AVERAGED]
    macro = [found for found in calls if _average(found.call) == "macro"]
    if any(found.model for found in macro):
        yield Site(tuple(_macro_to_micro(tree, macro)))
    elif is_binary(tree):
        plain = [f for f in calls if f.model and keyword(f.call, "average") is None]
        if {"precision_score", "recall_score"} <= {call_name(f.call) for f in plain}:
            micro = expression('"micro"')
            yield Site(tuple(Edit(f.call, with_keyword(f.call, "average", micro)) for f in plain))


def _average(call: cst.Call) -> str | None:
    given = keyword(call, "average")
    return string(given.value) if given is not None else None


def _macro_to_micro(tree: Tree, macro: list[Judged]) -> Iterator[Edit]:
    """Yield the edits of every text that says macro: averages, scoring, keys and log texts."""
    for text in tree.all(cst.SimpleString):
        value = string(text) or ""
        if tree.is_free(text) or not re.search(r"(\b|_)macro(\b|_)", value):
            continue
        if _is_docstring(tree, text):
            continue
        yield Edit(
            text,
            text.with_changes(value=text.value.replace("macro", "micro")),
            _part(tree, text, macro),
        )


def _part(tree: Tree, text: cst.SimpleString, macro: list[Judged]) -> Part:
    """Return main for the entry or line of the model's score, trace for other scores."""
    entry = tree.nearest(text, cst.DictElement)
    place = entry if entry is not None else tree.statement(text)
    for found in macro:
        if tree.is_below(found.call, place):
            return "main" if found.model else "trace"
    return "trace" if tree.calls(*CROSS_VALIDATION, within=place) else "support"


def _is_docstring(tree: Tree, text: cst.SimpleString) -> bool:
    return isinstance(tree.parent(text), cst.Expr)


CLEAN = """
from sklearn.metrics import f1_score

def evaluate(model, X_test, y_test):
    return {"macro_f1": f1_score(y_test, model.predict(X_test), average="macro")}
"""
SEEDED = CLEAN.replace("macro", "micro")
BINARY = """
from sklearn.metrics import precision_score, recall_score

def evaluate(model, X_test, y_test):
    flagged = model.predict_proba(X_test)[:, 1] >= 0.3
    precision = precision_score(y_test, flagged, zero_division=0)
    return precision, recall_score(y_test, flagged)
"""
BLURRED = """
from sklearn.metrics import precision_score, recall_score

def evaluate(model, X_test, y_test):
    flagged = model.predict_proba(X_test)[:, 1] >= 0.3
    precision = precision_score(y_test, flagged, zero_division=0, average="micro")
    return precision, recall_score(y_test, flagged, average="micro")
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED), Example(BINARY, BLURRED)),
    refuses=(
        Refusal(SEEDED, "the average is micro already"),
        Refusal(
            "from sklearn.metrics import f1_score\ndef f(y, p):\n    f1_score(y, p)\n",
            "whether there are two classes cannot be told",
        ),
        Refusal(
            CLEAN + "\ndef share(y, p):\n    return accuracy_score(y, p)\n",
            "accuracy is reported openly, as the classes are of one size",
        ),
    ),
    find=find,
    proof=Proof(
        "metric blind", "The reported value equals the accuracy on the same rows.", shows=("micro",)
    ),
)
