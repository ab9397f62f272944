"""Accuracy in place of the scores that look at the rare class, in a dictionary or in lines."""

import re
from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit
from seeded_bugs.syntax.removal import orphans, removed, tree_key, uses, without_elements
from seeded_bugs.syntax.scoring import RANKING, Judged, decisions, judged
from seeded_bugs.syntax.sides import baselines, bindings
from seeded_bugs.syntax.tree import (
    Tree,
    assignment,
    call_name,
    code,
    expression,
    statement,
    string,
    target_names,
)

OTHERS = ("precision_score", "recall_score", "f1_score", "balanced_accuracy_score")
SCORE_NAMES = r"ROC AUC|average precision|(macro )?F1|balanced accuracy|precision|recall"


def in_tables(tree: Tree) -> Iterator[tuple[Edit, ...]]:
    """Yield the edits of each dictionary that holds scores of the model as its values."""
    scores = _scores(tree)
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
        lines, ends = _reported(tree, table, ours[0][1])
        gone += ends
        apart = [f for f in scores if not f.model and f not in [f for _, f in dull]]
        logs = _named(tree, key, [k for e in gone if (k := _key(e))])
        if logs is not None:
            changed = _table(table, new, gone)
            yield (
                Edit(table, changed),
                *logs,
                *(edit for found in apart for edit in _apart(tree, found, key)),
                *(Edit(line, [], "support") for line in lines),
                *(Edit(helper, None, "support") for helper in orphans(tree, lines)),
                *_left(tree, [f for _, f in placed], [f for _, f in placed], changed),
            )


def in_lines(tree: Tree) -> Iterator[tuple[Edit, ...]]:
    """Yield the edits of each scope whose lines bind scores that a dictionary reports."""
    scores = _scores(tree)
    for first in scores:
        name, hard = _name(tree, first), _classes(tree, first) if first.model else None
        places = uses(tree, name, first.scope) if name else []
        entry = tree.nearest(places[-1], cst.DictElement) if len(places) == 2 else None
        if hard is None or entry is None or entry.value is not places[-1]:
            continue
        rest = [f for f in scores if f.model and f.scope is first.scope and f is not first]
        lines = [tree.statement(f.call) for f in rest if _name(tree, f)]
        lines += _intervals(tree, first)
        simple = [line for line in lines if isinstance(line, cst.SimpleStatementLine)]
        edits = removed(tree, first.scope, simple) if rest and simple else None
        if edits is None:
            continue
        told = cst.DictElement(cst.SimpleString('"accuracy"'), cst.Name("acc"))
        made = statement(f"acc = accuracy_score({first.truth}, {hard})")
        edits = tuple(_with(edit, entry, told) for edit in edits)
        if not any(isinstance(e.new, cst.Dict) and e.node is tree.parent(entry) for e in edits):
            edits += (Edit(entry, told.with_changes(comma=entry.comma), "support"),)
        helpers = (Edit(helper, None, "support") for helper in orphans(tree, simple))
        dull = (e for f in scores if not f.model for e in _renamed(tree, f))
        yield (Edit(tree.statement(first.call), [made]), *edits, *helpers, *dull)
        return


def _scores(tree: Tree) -> list[Judged]:
    return [found for found in judged(tree) if call_name(found.call) in (*RANKING, *OTHERS)]


def _name(tree: Tree, found: Judged) -> str | None:
    """Return the name of a line that binds the score and nothing else."""
    assign = assignment(tree.statement(found.call))
    names = target_names(assign) if assign is not None else []
    return names[0] if assign is not None and assign.value is found.call and names else None


def _intervals(tree: Tree, first: Judged) -> list[cst.SimpleStatementLine]:
    """Return lines like ``low, high = interval(y, p)`` on the labels and scores of a metric."""
    guess = first.guess.value
    found = []
    for line in tree.all(cst.SimpleStatementLine, first.scope):
        assign = assignment(line)
        bound = target_names(assign) if assign is not None else []
        if assign is None or len(bound) < 2 or not isinstance(guess, cst.Name):
            continue
        if {first.truth, guess.value} <= tree.names(assign.value):
            found.append(line)
    return found


def _reported(
    tree: Tree, table: cst.Dict, first: Judged
) -> tuple[list[cst.SimpleStatementLine], list[cst.BaseDictElement]]:
    """Return the lines of intervals whose ends go into the table alone, and their elements."""
    lines: list[cst.SimpleStatementLine] = []
    elements: list[cst.BaseDictElement] = []
    for line in _intervals(tree, first):
        assign = assignment(line)
        ends = target_names(assign) if assign is not None else []
        places = [use for name in ends for use in uses(tree, name, first.scope)]
        told = [use for use in places if not tree.is_below(use, line)]
        held = [e for e in table.elements if any(tree.is_below(use, e) for use in told)]
        if len(held) == len(told) == len(ends):
            lines.append(line)
            elements += held
    return lines, elements


def _with(edit: Edit, entry: cst.DictElement, told: cst.DictElement) -> Edit:
    """Return an edit of the dictionary that holds the entry, with the new entry in it."""
    if not isinstance(edit.new, cst.Dict):
        return edit
    elements = [
        told.with_changes(comma=e.comma) if e.value is entry.value else e for e in edit.new.elements
    ]
    return Edit(edit.node, edit.new.with_changes(elements=elements), edit.part)


def _renamed(tree: Tree, found: Judged) -> Iterator[Edit]:
    """Yield the edits that make the baseline's score an accuracy, and say so where it is told."""
    name, hard = _name(tree, found), _classes(tree, found)
    if name is None or hard is None:
        return
    new = re.sub(r"_(ap|auc|f1)$", "_acc", name)
    made = statement(f"{new} = accuracy_score({found.truth}, {hard})")
    yield Edit(tree.statement(found.call), [made], "trace")
    for use in uses(tree, name, found.scope)[1:]:
        yield Edit(use, cst.Name(new), "support")
        entry, log = tree.nearest(use, cst.DictElement), tree.nearest(use, cst.Call)
        if entry is not None and isinstance(entry.key, cst.SimpleString):
            yield Edit(entry.key, cst.SimpleString('"baseline_accuracy"'), "support")
        elif log is not None and log.args and isinstance(log.args[0].value, cst.SimpleString):
            text = log.args[0].value
            said = re.sub(SCORE_NAMES, "accuracy", text.value, count=1)
            yield Edit(text, text.with_changes(value=said), "support")


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
    for name, bound in bindings(tree, found.scope):
        for call in tree.calls(within=bound) if name == value.value else []:
            given = [a.value.value for a in call.args if isinstance(a.value, cst.Name)]
            if isinstance(call.func, cst.Attribute) and call_name(call) == "predict_proba":
                given.insert(0, code(call.func.value))
            if len(given) == 2 and given[0] in baselines(tree):
                return f"{given[0]}.predict({given[1]})"
            asked = call.func.value if isinstance(call.func, cst.Attribute) else None
            if given and isinstance(asked, cst.Name) and asked.value in baselines(tree):
                return f"{asked.value}.predict({given[0]})"
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
            if log is None or not log.args:
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
        scope = placed[0].scope
        places = uses(tree, name, scope)[1:]
        inside = all(any(tree.is_below(p, f.call) for f in placed) for p in places)
        for bound, value in bindings(tree, scope):
            if bound == name and inside and not re.search(rf"\b{name}\b", still):
                yield Edit(tree.statement(value), [], "support")
