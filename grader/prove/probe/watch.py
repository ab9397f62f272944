"""Watching single statements: what the local tables and numbers are before and after one runs.

The program is compiled with two calls around every watched statement. A trace function would do
the same, but it is called for every function of every library: training took twice as long.
"""

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator
from types import CodeType, FrameType
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.base import BaseEstimator

from grader.prove.probe.diary import Diary, state_of

MOST_TIMES = 3
LEAST_ROWS = 10
BEFORE, AFTER = "__watch_before__", "__watch_after__"
KEPT = (pd.Series, pd.DataFrame, np.ndarray, dict, list, tuple, str, type(None), BaseEstimator)
PLAIN = {str, int, float, bool, type(None)}
_LEAVING = ast.Return | ast.Raise | ast.Break | ast.Continue
_UNSEEN = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Global | ast.Nonlocal


class Watch:
    """Looks at the program's frames around the statements that begin on, or hold, watched lines."""

    def __init__(self, diary: Diary, lines: Iterable[int]) -> None:
        self._diary = diary
        self._lines = frozenset(lines)
        self._times: dict[int, int] = {}
        self._open: dict[tuple[int, int], int] = {}
        self._own: set[ast.stmt] = set()

    def compiled(self, source: bytes, path: str, names: dict[str, Any]) -> CodeType:
        """Return the code of a program; what its watched statements call goes into ``names``."""
        if not self._lines:
            return compile(source, path, "exec")
        tree = ast.parse(source, path)
        names |= {BEFORE: self.before, AFTER: self.after}
        for node in ast.walk(tree):
            for block in ("body", "orelse", "finalbody"):
                body = getattr(node, block, None)
                if isinstance(body, list) and not isinstance(node, ast.Lambda):
                    setattr(node, block, list(self._around(body)))
        return compile(tree, path, "exec")

    def before(self, line: int) -> None:
        """Note what the calling frame holds before the statement on a line."""
        frame = sys._getframe(1)
        time = self._times[line] = self._times.get(line, 0) + 1
        if time <= MOST_TIMES:
            self._look(frame, "before", line, time)
            self._open[id(frame), line] = time

    def after(self, line: int) -> None:
        """Note what the calling frame holds after it."""
        frame = sys._getframe(1)
        time = self._open.pop((id(frame), line), None)
        if time is not None:
            self._look(frame, "after", line, time)

    def _around(self, body: list[ast.stmt]) -> Iterator[ast.stmt]:
        """Yield a block with calls before and after its watched statements."""
        for number, node in enumerate(body):
            if not self._watched(node, first=number == 0):
                yield node
                continue
            yield self._call(BEFORE, node)
            if isinstance(node, _LEAVING):
                yield self._call(AFTER, node)
            inside = getattr(node, "body", None)
            if isinstance(inside, list):
                # What a head binds (a row of a loop, an opened file) is seen from inside.
                inside.insert(0, self._call(AFTER, node))
            yield node
            if not isinstance(node, _LEAVING):
                yield self._call(AFTER, node)

    def _call(self, name: str, node: ast.stmt) -> ast.stmt:
        """Return a call with the line of a statement; it is not watched itself."""
        call = _call(name, node)
        self._own.add(call)
        return call

    def _watched(self, node: ast.stmt, first: bool) -> bool:
        if isinstance(node, _UNSEEN) or node in self._own or not hasattr(node, "lineno"):
            return False
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            return False
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if first and text and isinstance(node.value.value, str):  # type: ignore[attr-defined]
            return False
        inside = getattr(node, "body", None)
        last = inside[0].lineno - 1 if isinstance(inside, list) and inside else node.end_lineno
        own = range(node.lineno, max(node.lineno, last or node.lineno) + 1)
        return not self._lines.isdisjoint(own)

    def _look(self, frame: FrameType, when: str, line: int, time: int) -> None:
        tables: dict[str, int] = {}
        scalars: dict[str, float] = {}
        others: dict[str, str] = {}
        for name, value in sorted(_locals(frame).items()):
            if _is_table(value):
                number = self._diary.tables.add(value)
                if number is not None:
                    tables[name] = number
            elif isinstance(value, bool | int | float | np.number | np.bool_):
                scalars[name] = float(value)
            elif isinstance(value, KEPT):
                others[name] = fingerprint(value)
        self._diary.events.append(
            {"kind": "watch", "name": when, "lines": [line], "time": time}
            | {"tables": tables, "scalars": scalars, "others": others}
        )


def _call(name: str, node: ast.stmt) -> ast.stmt:
    """Return a call with the line of a statement, as a statement on that line."""
    call = ast.Expr(ast.Call(ast.Name(name, ast.Load()), [ast.Constant(node.lineno)], []))
    for made in ast.walk(call):
        if isinstance(made, ast.expr | ast.stmt):
            made.lineno = made.end_lineno = node.lineno
            made.col_offset = made.end_col_offset = node.col_offset
    return call


def fingerprint(value: object) -> str:
    """Return a hash of a small value: statistics, choices, mappings, fitted estimators."""
    if _is_plain(value):
        return hashlib.blake2b(repr(value).encode(), digest_size=16).hexdigest()
    return state_of(value) or "?"


def _is_plain(value: object, depth: int = 0) -> bool:
    """Tell whether a value is text, a number, or lists and mappings of such: its repr says all."""
    if type(value) in PLAIN:
        return True
    if depth > 2 or type(value) not in (list, tuple, dict):
        return False
    parts = (*value, *value.values()) if isinstance(value, dict) else value
    return all(_is_plain(part, depth + 1) for part in parts)  # type: ignore[attr-defined]


def _locals(frame: FrameType) -> dict[str, Any]:
    found = {k: v for k, v in frame.f_locals.items() if not k.startswith("__")}
    owner = found.pop("self", None)
    if owner is not None and hasattr(owner, "__dict__"):
        found |= {f"self.{k}": v for k, v in vars(owner).items()}
    return found


def _is_table(value: object) -> bool:
    if isinstance(value, pd.DataFrame | pd.Series):
        return len(value) >= LEAST_ROWS and pd.api.types.is_integer_dtype(value.index.dtype)
    if isinstance(value, np.ndarray):
        return value.ndim in (1, 2) and len(value) >= LEAST_ROWS
    return bool(scipy.sparse.issparse(value))
