"""Watching single lines: what the local tables and numbers are before and after a line runs."""

import sys
from collections.abc import Iterable
from types import CodeType, FrameType
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.base import BaseEstimator

from grader.prove.probe.diary import Diary, state_of

MOST_TIMES = 3
LEAST_ROWS = 10
KEPT = (pd.Series, pd.DataFrame, np.ndarray, dict, list, tuple, str, type(None), BaseEstimator)


class Watch:
    """A trace function that looks at the program's frames around the watched lines."""

    def __init__(self, diary: Diary, lines: Iterable[int]) -> None:
        self._diary = diary
        self._lines = frozenset(lines)
        self._times: dict[int, int] = {}
        self._open: dict[int, tuple[int, int]] = {}
        self._inside: dict[CodeType, bool] = {}

    def start(self) -> None:
        """Begin watching, if there is anything to watch."""
        if self._lines:
            sys.settrace(self._called)

    def _called(self, frame: FrameType, event: str, given: Any) -> Any:
        code = frame.f_code
        if code.co_filename != self._diary.program:
            return None
        if code not in self._inside:
            own = {line for _, _, line in code.co_lines() if line is not None}
            self._inside[code] = bool(own & self._lines)
        return self._local if self._inside[code] else None

    def _local(self, frame: FrameType, event: str, given: Any) -> Any:
        if event in ("line", "return"):
            line = frame.f_lineno if event == "line" else -1
            opened = self._open.get(id(frame))
            if opened is not None and opened[0] != line:
                del self._open[id(frame)]
                self._look(frame, "after", *opened)
            if line in self._lines and id(frame) not in self._open:
                time = self._times[line] = self._times.get(line, 0) + 1
                if time <= MOST_TIMES:
                    self._look(frame, "before", line, time)
                    self._open[id(frame)] = (line, time)
        return self._local

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


def fingerprint(value: object) -> str:
    """Return a hash of a small value: statistics, choices, mappings, fitted estimators."""
    return state_of(value) or "?"


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
