"""Habit: names as they come. Some local variables and helper functions get careless names."""

import builtins
import keyword
import re
from collections.abc import Iterator

import libcst as cst

from grader.stream import Stream

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
_VOWELS = re.compile(r"(?<=[a-z])[aeiou](?=[a-z])")


def rename(text: str, stream: Stream, percent: int) -> str:
    """Return the program with about ``percent`` of its local names and helpers renamed.

    Parameters, attributes and keywords keep their names, so every call still fits. In a flat
    script the names that its blocks bind count as local, unless a function has one like it.
    """
    module = cst.parse_module(text)
    taken = {node.value for node in _names(module)}
    outer = {s.name.value for s in module.body if isinstance(s, cst.FunctionDef | cst.ClassDef)}
    helpers = sorted(outer - {"main"})
    table: dict[str, str] = {}
    locals_of = {f: _locals(f) - outer for f in _functions(module)}
    inner = set().union(*locals_of.values()) if locals_of else set()
    for name in helpers:
        if name not in inner and stream.chance(percent // 2) and not _in_string(name, text):
            table[name] = _fresh(name, stream, taken)
    for name in sorted(_flat(module) - outer):
        if stream.chance(percent) and not _in_string(name, text):
            table[name] = _fresh(name, stream, taken)
    changes: dict[cst.FunctionDef, dict[str, str]] = {}
    for function, names in locals_of.items():
        chosen = [n for n in sorted(names) if stream.chance(percent) and not _in_string(n, text)]
        changes[function] = {n: _fresh(n, stream, taken) for n in chosen}
    code: str = module.visit(_Renamer(table, changes)).code
    return code


def _functions(module: cst.Module) -> Iterator[cst.FunctionDef]:
    """Yield module-level functions and methods; what is nested in them belongs to them."""
    for statement in module.body:
        if isinstance(statement, cst.FunctionDef):
            yield statement
        elif isinstance(statement, cst.ClassDef):
            yield from (s for s in statement.body.body if isinstance(s, cst.FunctionDef))


def _locals(node: cst.CSTNode) -> set[str]:
    finder = _Locals()
    node.visit(finder)
    return finder.bound - finder.kept


def _flat(module: cst.Module) -> set[str]:
    """Return the names that only the module's own ``if``, ``try`` and loops bind."""
    blocks = set[str]()
    others = set[str]()
    for statement in module.body:
        if isinstance(statement, cst.FunctionDef | cst.ClassDef | cst.SimpleStatementLine):
            finder = _Locals()
            statement.visit(finder)
            others |= finder.bound | finder.kept
        else:
            blocks |= _locals(statement)
    return blocks - others


class _Locals(cst.CSTVisitor):
    """Collects names bound in a function, and those that must keep theirs."""

    def __init__(self) -> None:
        super().__init__()
        self.bound: set[str] = set()
        self.kept: set[str] = set()

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        self._bind(node.target)

    def visit_For(self, node: cst.For) -> None:
        self._bind(node.target)

    def visit_AsName(self, node: cst.AsName) -> None:
        self._bind(node.name)

    def visit_Param(self, node: cst.Param) -> None:
        self.kept.add(node.name.value)

    def visit_Global(self, node: cst.Global) -> None:
        self.kept.update(item.name.value for item in node.names)

    def visit_Nonlocal(self, node: cst.Nonlocal) -> None:
        self.kept.update(item.name.value for item in node.names)

    def visit_Import(self, node: cst.Import) -> bool:
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.kept.add(node.name.value)

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        # The body of a class binds attributes, which are used from outside.
        self.kept.update(name.value for name in _names(node))

    def _bind(self, target: cst.BaseExpression) -> None:
        if isinstance(target, cst.Name):
            self.bound.add(target.value)
        elif isinstance(target, cst.Tuple | cst.List):
            for element in target.elements:
                self._bind(element.value)


def _names(node: cst.CSTNode) -> Iterator[cst.Name]:
    if isinstance(node, cst.Name):
        yield node
    for child in node.children:
        yield from _names(child)


class _Renamer(cst.CSTTransformer):
    def __init__(
        self, table: dict[str, str], changes: dict[cst.FunctionDef, dict[str, str]]
    ) -> None:
        super().__init__()
        self._tables: list[dict[str, str]] = [table]
        self._changes = changes
        self._keep: set[int] = set()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self._tables.append(self._tables[-1] | self._changes.get(node, {}))

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        self._tables.pop()
        return updated_node

    def visit_Attribute(self, node: cst.Attribute) -> None:
        self._keep.add(id(node.attr))

    def visit_Arg(self, node: cst.Arg) -> None:
        if node.keyword is not None:
            self._keep.add(id(node.keyword))

    def visit_Import(self, node: cst.Import) -> bool:
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return False

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        if id(original_node) in self._keep:
            return updated_node
        new = self._tables[-1].get(updated_node.value)
        return cst.Name(new, updated_node.lpar, updated_node.rpar) if new else updated_node


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
