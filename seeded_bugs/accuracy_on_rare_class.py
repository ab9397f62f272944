"""Accuracy is the one reported score although one class is rare."""

import re
from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.imports import import_name
from seeded_bugs.syntax.removal import tree_key, uses, without_elements
from seeded_bugs.syntax.scoring import RANKING, Judged, decisions, judged
from seeded_bugs.syntax.sides import baselines, bindings
from seeded_bugs.syntax.task import is_classification
from seeded_bugs.syntax.tree import Tree, call_name, code, expression, string, tree_of

OTHERS = ("precision_score", "recall_score", "f1_score", "balanced_accuracy_score")
SCORE_NAMES = r"ROC AUC|average precision|(macro )?F1|balanced accuracy|precision|recall"

ENTRY = Entry(
    id="MLR301",
    name="accuracy_on_rare_class",
    category="statistics",
    severity="major",
    anchor="span",
    title="Accuracy reported for unequal classes",
    wrong=(
        "The held-out quality is reported as accuracy alone, although the classes are of very "
        "unequal size; no held-out score looks at the rare class."
    ),
    harm=(
        "Accuracy is mostly the score of the large class: always answering with that class "
        "already reaches its share. A model that misses the rare class, which is the one that "
        "matters, still looks good."
    ),
    fix=(
        "Report what the rare class needs: average precision, recall at a given precision, F1 "
        "or balanced accuracy (macro averages for several classes), next to a baseline."
    ),
    said_well=(
        "Accuracy is misleading because the target is imbalanced: predicting the majority class "
        "gives nearly the same value. Report PR-AUC, recall or F1.",
        "Don't use accuracy on an imbalanced target.",
        "The only metric is accuracy_score; with few positives it says nothing about how many of "
        "them are found, so use precision and recall of the positive class.",
        "Wrong metric for a rare class: a constant answer scores as well as this model.",
        "With classes this unequal, accuracy hides poor results on the small ones. Balanced "
        "accuracy or macro F1 would show them.",
        "High accuracy here just reflects the class distribution.",
    ),
    near_misses=(
        "The split is not stratified.",
        "Class weights should be balanced.",
        "The micro average equals accuracy.",
        "There is no baseline to compare with.",
    ),
    references=(
        "https://scikit-learn.org/stable/modules/model_evaluation.html#balanced-accuracy-score",
        "https://scikit-learn.org/stable/modules/generated/sklearn.metrics.average_precision_score.html",
    ),
    identifiers=("accuracy_score", "accuracy"),
    elsewhere=("evaluate",),
    conflicts=("micro_averaged_score", "metric_arguments_swapped", "auc_from_hard_labels"),
)


def find(module: cst.Module) -> Iterator[Site]:
    """A site a dictionary in which scores of the model stand: one accuracy takes their place."""
    tree = tree_of(module)
    if "accuracy_score" in tree.names() or not is_classification(tree):
        return
    scores = [found for found in judged(tree) if call_name(found.call) in (*RANKING, *OTHERS)]
    for table in tree.all(cst.Dict):
        placed = [(e, f) for e in table.elements for f in scores if tree.is_below(f.call, e)]
        ours = [(e, f) for e, f in placed if f.model]
        hard = _classes(tree, ours[0][1]) if ours else None
        key = string(ours[0][0].key) if ours and isinstance(ours[0][0], cst.DictElement) else None
        if hard is None or not key:
            continue
        new = {id(ours[0][0]): _entry("accuracy", ours[0][1], hard)}
        gone = [e for e, _ in ours[1:]]
        dull = [(e, f) for e, f in placed if not f.model]
        compared = _classes(tree, dull[0][1]) if dull else None
        if compared is not None:
            new[id(dull[0][0])] = _entry("baseline_accuracy", dull[0][1], compared)
            gone += [e for e, _ in dull[1:]]
        apart = [f for f in scores if not f.model and f not in [f for _, f in dull]]
        logs = _named(tree, key, [k for e in gone if (k := _key(e))])
        if logs is not None:
            changed = _table(table, new, gone)
            yield Site(
                (
                    Edit(table, changed),
                    *logs,
                    *(edit for found in apart for edit in _apart(tree, found, key)),
                    *_left(tree, [f for _, f in placed], [f for _, f in placed], changed),
                    *import_name(tree, "sklearn.metrics", "accuracy_score"),
                )
            )


def _entry(key: str, found: Judged, hard: str) -> str:
    return f'{{"{key}": accuracy_score({found.truth}, {hard})}}'


def _key(element: cst.BaseDictElement) -> str | None:
    return string(element.key) if isinstance(element, cst.DictElement) else None


def _table(table: cst.Dict, new: dict[int, str], gone: list[cst.BaseDictElement]) -> cst.Dict:
    """Return the dictionary with some elements replaced and some taken out."""
    rest = without_elements(table, gone)
    old = [e for e in table.elements if not any(e is g for g in gone)]
    elements = []
    for before, element in zip(old, rest.elements, strict=True):
        if id(before) in new:
            made = expression(new[id(before)])
            assert isinstance(made, cst.Dict)
            elements.append(made.elements[0].with_changes(comma=element.comma))
        else:
            elements.append(element)
    return rest.with_changes(elements=elements)


def _classes(tree: Tree, found: Judged) -> str | None:
    """Return the classes that a model answers with, for the rows of a metric call."""
    value = found.guess.value
    if call_name(found.call) not in RANKING:
        return code(value)
    if found.model or not isinstance(value, cst.Name):
        return decisions(tree, found)
    for name, bound in bindings(tree, found.function):
        for call in tree.calls(within=bound) if name == value.value else []:
            given = [a.value.value for a in call.args if isinstance(a.value, cst.Name)]
            if len(given) == 2 and given[0] in baselines(tree):
                return f"{given[0]}.predict({given[1]})"
    return None


def _apart(tree: Tree, found: Judged, key: str) -> Iterator[Edit]:
    """Yield the edit of a line ``scores["baseline_f1"] = f1_score(...)`` of the baseline."""
    line, hard = tree.statement(found.call), _classes(tree, found)
    for part in tree.all(cst.Subscript, line):
        name = tree_key(part)
        assign = tree.nearest(found.call, cst.Assign)
        if hard and name and key in name and assign is not None and assign.value is found.call:
            made = f"accuracy_score({found.truth}, {hard})"
            index = expression(f'x["{name.replace(key, "accuracy")}"]')
            assert isinstance(index, cst.Subscript)
            yield Edit(part, index.with_changes(value=part.value), "trace")
            yield Edit(found.call, expression(made), "trace")


def _named(tree: Tree, key: str, gone: list[str]) -> tuple[Edit, ...] | None:
    """Return the edits of log lines that read the old score; None if others read what is gone."""
    edits: list[Edit] = []
    for part in tree.all(cst.Subscript):
        if tree_key(part) in gone:
            return None
        if tree_key(part) == key:
            line = tree.statement(part)
            log = next(iter(tree.calls("info", "debug", "print", within=line)), None)
            if log is None:
                return None
            index = expression('x["accuracy"]')
            assert isinstance(index, cst.Subscript)
            edits.append(Edit(part, index.with_changes(value=part.value), "trace"))
            for text in tree.all(cst.SimpleString, log.args[0]):
                said = text.with_changes(value=re.sub(SCORE_NAMES, "accuracy", text.value, count=1))
                edits.append(Edit(text, said, "trace"))
    return tuple(edits)


def _left(
    tree: Tree, found: list[Judged], placed: list[Judged], changed: cst.Dict
) -> Iterator[Edit]:
    """Yield the edits that take out lines of scores that nothing uses any more."""
    still = code(changed)
    for name in {f.guess.value.value for f in found if isinstance(f.guess.value, cst.Name)}:
        function = placed[0].function
        places = uses(tree, name, function)[1:]
        inside = all(any(tree.is_below(p, f.call) for f in placed) for p in places)
        for bound, value in bindings(tree, function):
            if bound == name and inside and not re.search(rf"\b{name}\b", still):
                yield Edit(tree.statement(value), [], "support")


CLEAN = """
from sklearn.metrics import precision_score, roc_auc_score

def evaluate(model, X_test, y_test, threshold):
    scores = model.predict_proba(X_test)[:, 1]
    flagged = scores >= threshold
    metrics = {
        "rows": len(y_test),
        "roc_auc": roc_auc_score(y_test, scores),
        "precision": precision_score(y_test, flagged),
    }
    log.info("ROC AUC %.3f", metrics["roc_auc"])
    return metrics
"""
SEEDED = """
from sklearn.metrics import accuracy_score, precision_score, roc_auc_score

def evaluate(model, X_test, y_test, threshold):
    scores = model.predict_proba(X_test)[:, 1]
    flagged = scores >= threshold
    metrics = {
        "rows": len(y_test),
        "accuracy": accuracy_score(y_test, flagged),
    }
    log.info("accuracy %.3f", metrics["accuracy"])
    return metrics
"""

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, SEEDED),),
    refuses=(
        Refusal(SEEDED, "accuracy is reported already"),
        Refusal(CLEAN.replace("scores >=", "threshold <"), "no decisions are at hand"),
    ),
    find=find,
    proof=Proof(
        "metric blind",
        "Answering with the most frequent class reaches the reported value less 0.1 or more.",
    ),
)
