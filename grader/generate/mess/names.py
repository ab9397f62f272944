"""Habit: names as they come. Some local variables and helper functions get careless names."""

import builtins
import keyword
import re
from collections.abc import Callable, Collection, Iterator, Mapping

import libcst as cst

from grader.generate.mess.rewrite import New, Rewrites
from grader.stream import Stream
from seeded_bugs.syntax.tree import Tree

_STEMS = {
    "frame": ("df2", "data1", "tmp_df"),
    "pipeline": ("pipe_final", "mdl", "clf2"),
    "metrics": ("res", "results2", "out_dict"),
    "scores": ("p", "preds1", "yhat"),
    "threshold": ("thr", "cutoff2", "t"),
    "path": ("fname", "p_", "filepath"),
    "bundle": ("obj", "stuff", "saved"),
    "result": ("r", "res_df", "tmp"),
    "columns": ("cols_", "colList", "c_all"),
    "folds": ("k", "cvObj", "splits"),
    "baseline": ("dummy1", "base", "bl"),
    "error": ("e", "ex", "err"),
    "model": ("clf_", "est", "m1"),
    "parser": ("ap", "argp", "prs"),
    "args": ("a", "opts", "cli_args"),
    "tickets": ("tix", "df_t", "data1"),
    "labels": ("lbl", "ys", "target_col"),
    "hours": ("h", "df_h", "data1"),
    "forecast": ("fc", "pred_y", "yhat"),
    "missing": ("miss", "nan_cols", "m"),
    "faults": ("errs", "problems", "msgs"),
}
_Changes = dict[cst.CSTNode, Callable[[cst.CSTNode], New]]
_VOWELS = re.compile(r"(?<=[a-z])[aeiou](?=[a-z])")


def rename(tree: Tree, stream: Stream, percent: int, taken: Collection[str] = ()) -> Rewrites:
    """Rename about ``percent`` of the local names, and half as many of the helpers.

    Parameters, attributes and keywords keep their names, so every call still fits. In a flat
    script the names that its blocks bind count as local, unless a function has one like it. No new
    name is one of the program or one of ``taken``.
    """
    used = {*taken, *tree.names()}
    outer = {
        s.name.value for s in tree.module.body if isinstance(s, cst.FunctionDef | cst.ClassDef)
    }
    locals_of = {f: _locals(tree, f) - outer for f in _functions(tree.module)}
    inner = set[str]().union(*locals_of.values())
    helpers: dict[str, str] = {}
    for name in sorted(outer - {"main"}):
        if name not in inner and stream.chance(percent // 2) and not _in_string(name, tree.text):
            helpers[name] = _fresh(name, stream, used)
    for name in sorted(_flat(tree) - outer):
        if stream.chance(percent) and not _in_string(name, tree.text):
            helpers[name] = _fresh(name, stream, used)
    rewrites = _renamed(tree, None, helpers)
    for function, names in locals_of.items():
        chosen = [n for n in sorted(names) if stream.chance(percent)]
        new = {n: _fresh(n, stream, used) for n in chosen if not _in_string(n, tree.text)}
        rewrites |= _renamed(tree, function, new)
    return rewrites


def _functions(module: cst.Module) -> Iterator[cst.FunctionDef]:
    """Yield module-level functions and methods; what is nested in them belongs to them."""
    for statement in module.body:
        if isinstance(statement, cst.FunctionDef):
            yield statement
        elif isinstance(statement, cst.ClassDef):
            yield from (s for s in statement.body.body if isinstance(s, cst.FunctionDef))


def _locals(tree: Tree, node: cst.CSTNode) -> set[str]:
    """Return the names that are bound below a node, without those that must keep theirs."""
    return _bound_below(tree, node) - _kept_below(tree, node)


def _flat(tree: Tree) -> set[str]:
    """Return the names that only the module's own ``if``, ``try`` and loops bind."""
    blocks, others = set[str](), set[str]()
    for statement in tree.module.body:
        if isinstance(statement, cst.FunctionDef | cst.ClassDef | cst.SimpleStatementLine):
            others |= _bound_below(tree, statement) | _kept_below(tree, statement)
        else:
            blocks |= _locals(tree, statement)
    return blocks - others


def _bound_below(tree: Tree, node: cst.CSTNode) -> set[str]:
    bound: set[str] = set()
    for target in tree.all(cst.AssignTarget, node):
        bound |= _bound(target.target)
    for loop in tree.all(cst.For, node):
        bound |= _bound(loop.target)
    for alias in tree.all(cst.AsName, node):
        if not isinstance(tree.parent(alias), cst.ImportAlias):
            bound |= _bound(alias.name)
    return bound


def _kept_below(tree: Tree, node: cst.CSTNode) -> set[str]:
    kept = {p.name.value for p in tree.all(cst.Param, node)}
    kept |= {f.name.value for f in tree.all(cst.FunctionDef, node)}
    kept |= {n.name.value for g in tree.all(cst.Global, node) for n in g.names}
    kept |= {n.name.value for g in tree.all(cst.Nonlocal, node) for n in g.names}
    for inner in tree.all(cst.ClassDef, node):
        # The body of a class binds attributes, which are used from outside.
        kept |= tree.names(inner)
    return kept


def _bound(target: cst.BaseExpression) -> set[str]:
    """Return the names that a target binds; items and attributes bind none."""
    if isinstance(target, cst.Name):
        return {target.value}
    if isinstance(target, cst.Tuple | cst.List):
        return set[str]().union(*(_bound(element.value) for element in target.elements))
    return set()


def _renamed(tree: Tree, within: cst.CSTNode | None, table: Mapping[str, str]) -> _Changes:
    """Return the rewrites that give names below a node (None: anywhere) their new ones."""
    changes: _Changes = {}
    for name in tree.all(cst.Name, within) if table else ():
        if name.value in table and not _is_label(tree, name):
            changes[name] = _Named(table[name.value])
    return changes


def _is_label(tree: Tree, name: cst.Name) -> bool:
    """Tell whether a name is that of an attribute, a keyword argument or an import."""
    above = tree.parent(name)
    if isinstance(above, cst.Attribute):
        return above.attr is name
    if isinstance(above, cst.Arg):
        return above.keyword is name
    return tree.nearest(name, cst.ImportAlias) is not None


class _Named:
    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, node: cst.CSTNode) -> New:
        return node.with_changes(value=self._name)


def _in_string(name: str, text: str) -> bool:
    """Tell whether pandas may read the variable from inside a query string."""
    return f"@{name}" in text


def _fresh(name: str, stream: Stream, taken: set[str]) -> str:
    """Return a careless name that stands for nothing else in the program."""
    makers = [
        *_STEMS.get(name, ()),
        _VOWELS.sub("", name),
        "".join(w if i == 0 else w.capitalize() for i, w in enumerate(name.split("_"))),
        f"{name}{stream.between(1, 3)}",
        f"{name}_",
        f"my_{name}",
        "".join(w[:3] for w in name.split("_")),
        f"{name}_{stream.choice(('new', 'final', 'tmp', 'old'))}",
        f"tmp_{name}",
    ]
    made: str
    for made in stream.shuffled(makers):
        usable: bool = (
            made.isidentifier() and not keyword.iskeyword(made) and not hasattr(builtins, made)
        )
        if usable and made != name and made not in taken:
            taken.add(made)
            return made
    fallback = f"{name}_{len(taken)}"
    taken.add(fallback)
    return fallback
