"""Variation: how a pipeline is put together: ``Pipeline`` with named steps or ``make_pipeline``."""

import re
from collections.abc import Sequence
from functools import partial

import libcst as cst

from grader.generate.vary.names import families
from grader.generate.vary.rewrite import Rewrites, setting
from grader.stream import Stream
from seeded_bugs.syntax.tree import Tree, assignment, call_name, string, target_names

MADE = 35  # per cent of the programs that lose the names of their steps
NAMED = 35  # per cent of the programs that give names to their steps
CALLED = 80  # per cent of the step names that change, where steps keep names
HOME = "sklearn.pipeline"


def swap_pipelines(notes: Rewrites, stream: Stream) -> None:
    """Note one way for all pipelines of the program, or other names for their steps."""
    tree = notes.tree
    named, made = tree.calls("Pipeline"), tree.calls("make_pipeline")
    tables = tree.calls("ColumnTransformer")
    spelled = {s for call in (*named, *tables) for s in _step_names(call)}
    if made and not named and stream.chance(NAMED) and all(_nameable(tree, c) for c in made):
        for call in made:
            notes.change(call, _with_names)
        _import(notes, "make_pipeline", "Pipeline")
    elif named and not made and stream.chance(MADE) and all(_plain(c) for c in named):
        only_there = {s for call in named for s in _step_names(call)}
        if not any(_is_read(tree, s, (*named, *tables)) for s in only_there):
            for call in named:
                notes.change(call, _without_names)
            _import(notes, "Pipeline", "make_pipeline")
            spelled -= only_there
    _rename_steps(notes, stream, spelled, (*named, *tables))


def _plain(call: cst.Call) -> bool:
    """Tell whether a call is ``Pipeline([("a", x), ...])`` and nothing more."""
    return (
        len(call.args) == 1
        and bool(_steps(call))
        and len(_steps(call))
        == len(
            call.args[0].value.elements  # type: ignore[attr-defined]
        )
    )


def _steps(call: cst.Call) -> Sequence[cst.Tuple]:
    """Return the tuples in the list that a call is given; none where it is given a name."""
    listed = call.args[0].value if call.args else None
    if not isinstance(listed, cst.List):
        return []
    tuples = [e.value for e in listed.elements if isinstance(e.value, cst.Tuple)]
    return [t for t in tuples if len(t.elements) > 1 and string(t.elements[0].value)]


def _step_names(call: cst.Call) -> list[str]:
    return [name for t in _steps(call) if (name := string(t.elements[0].value))]


def _is_read(tree: Tree, name: str, calls: Sequence[cst.Call]) -> bool:
    """Tell whether a step is asked for by its name anywhere: ``["model"]``, ``model__C``."""
    own = {id(t.elements[0].value) for call in calls for t in _steps(call)}
    texts = [n for n in tree.all(cst.SimpleString) if id(n) not in own]
    if any(re.match(rf"{name}(__|\Z)", string(n) or "") for n in texts):
        return True
    keywords = [a.keyword.value for a in tree.all(cst.Arg) if a.keyword is not None]
    return any(word.startswith(f"{name}__") for word in keywords)


def _without_names(call: cst.Call) -> cst.CSTNode:
    args = [cst.Arg(t.elements[1].value) for t in _steps(call)]
    return cst.Call(cst.Name("make_pipeline"), args)


def _nameable(tree: Tree, call: cst.Call) -> bool:
    """Tell whether every step of ``make_pipeline`` can be named by what it is, each once."""
    plain = all(a.keyword is None and not a.star for a in call.args)
    names = [_kind(_value(tree, a.value)) for a in call.args]
    text = any("__" in (string(n) or "") for n in tree.all(cst.SimpleString))
    return plain and "" not in names and len(set(names)) == len(names) and not text


def _value(tree: Tree, node: cst.BaseExpression) -> cst.BaseExpression:
    """Return what a local name was bound to; a plain value as it is."""
    if isinstance(node, cst.Name):
        for line in tree.all(cst.SimpleStatementLine, tree.function(node)):
            assign = assignment(line)
            if assign is not None and target_names(assign) == [node.value]:
                return assign.value
    return node


_KINDS = (
    ("Imputer", "impute"),
    ("Scaler", "scale"),
    ("Encoder", "encode"),
    ("olumn_?[tT]ransformer", "prepare"),
    ("Vectorizer", "text"),
    ("Classifier|Regressor|Regression|Ridge|Lasso", "model"),
)


def _kind(node: cst.BaseExpression) -> str:
    """Return a name for a step by what it is; '' where that cannot be told."""
    name = call_name(node) if isinstance(node, cst.Call) else ""
    if isinstance(node, cst.Name):
        name = node.value
    return next((word for pattern, word in _KINDS if re.search(pattern, name)), "")


def _with_names(call: cst.Call) -> cst.CSTNode:
    """Return ``Pipeline([...])``; a step that is only a name is named like it."""
    steps = []
    for argument in call.args:
        name = _kind(argument.value)
        if not name and isinstance(argument.value, cst.Name):
            name = argument.value.value
        label = cst.Element(cst.SimpleString(f'"{name}"'))
        steps.append(cst.Element(cst.Tuple([label, cst.Element(argument.value)])))
    return cst.Call(cst.Name("Pipeline"), [cst.Arg(cst.List(steps))])


def _import(notes: Rewrites, old: str, new: str) -> None:
    """Note the import of the new name; the old one stays where an annotation reads it."""
    tree = notes.tree
    calls = {id(call.func) for call in tree.calls(old)}
    for line in tree.all(cst.ImportFrom):
        if isinstance(line.names, cst.ImportStar) or line.module is None:
            continue
        inside = {id(n) for n in tree.all(cst.Name, line)}
        read = any(
            n.value == old and id(n) not in calls and id(n) not in inside
            for n in tree.all(cst.Name)
        )
        if cst.Module([]).code_for_node(line.module) != HOME:
            continue
        for alias in line.names:
            if alias.evaluated_name != old:
                continue
            added = cst.ImportAlias(cst.Name(new))
            if read:
                notes.change(line, partial(_extended, added=added))
            else:
                notes.change(alias, setting(name=cst.Name(new)))


def _extended(line: cst.ImportFrom, added: cst.ImportAlias) -> cst.CSTNode:
    names = [a.with_changes(comma=cst.MaybeSentinel.DEFAULT) for a in line.names]  # type: ignore[union-attr]
    return line.with_changes(names=[*names, added])


def _rename_steps(
    notes: Rewrites, stream: Stream, spelled: set[str], calls: Sequence[cst.Call]
) -> None:
    """Note other names for steps that nothing asks for by name."""
    tree = notes.tree
    table: dict[str, str] = {}
    for name in sorted(spelled):
        family = [w for row in families().steps if name in row for w in row]
        free = [w for w in family if w not in spelled and w not in table.values()]
        if free and stream.chance(CALLED) and not _is_read(tree, name, calls):
            table[name] = stream.choice(free)
    for call in calls:
        for step in _steps(call):
            label = step.elements[0].value
            new = table.get(string(label) or "")
            if new is not None:
                notes.change(label, setting(value=f'"{new}"'))
