"""Hooks into what is read and what is stored."""

import functools
from collections.abc import Callable
from typing import Any

import joblib
import pandas as pd
from sklearn.base import BaseEstimator

from grader.prove.probe.diary import Diary, plain, state_of


def hook_files(diary: Diary) -> None:
    """Set the hooks of reading tables and of storing models."""
    pd.read_csv = _reading(diary, pd.read_csv)
    joblib.dump = _storing(diary, joblib.dump)


def _reading(diary: Diary, read: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(read)
    def hook(*given: Any, **named: Any) -> Any:
        frame = read(*given, **named)
        if not diary.inside and isinstance(frame, pd.DataFrame):
            diary.note("read", "read_csv", X=diary.tables.add(frame), rows=len(frame))
        return frame

    return hook


def _storing(diary: Diary, dump: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(dump)
    def hook(value: Any, *given: Any, **named: Any) -> Any:
        if not diary.inside:
            with diary.within():
                facts = {"holds": contents(value), "object": id(value)}
            diary.note("store", "dump", **facts)
        with diary.within():
            return dump(value, *given, **named)

    return hook


def contents(value: object, path: str = "", depth: int = 0) -> dict[str, object]:
    """Return what a stored object holds, by path: scalars, and fingerprints of estimators."""
    if isinstance(value, BaseEstimator):
        params = value.get_params()
        simple = {k: plain(v) for k, v in params.items() if not isinstance(v, BaseEstimator)}
        return {
            path or ".": {"estimator": type(value).__name__, "state": state_of(value)}
            | {
                "params": {k: v for k, v in simple.items() if not isinstance(v, list | dict)},
                "object": id(value),
            }
        }
    if isinstance(value, dict) and depth < 4:
        found: dict[str, object] = {}
        for key, item in value.items():
            found |= contents(item, f"{path}/{key}" if path else str(key), depth + 1)
        return found
    if isinstance(value, list | tuple) and len(value) <= 20 and depth < 4:
        found = {}
        for number, item in enumerate(value):
            found |= contents(item, f"{path}[{number}]", depth + 1)
        return found or {path: []}
    if isinstance(value, pd.DataFrame | pd.Series):
        return {path or ".": {"rows": len(value), "texts": _texts(value)}}
    if hasattr(value, "__dict__") and not isinstance(value, type) and depth < 3:
        return contents(dict(vars(value)), path, depth + 1)
    return {path: plain(value)}


def _texts(table: "pd.DataFrame | pd.Series[Any]") -> list[str]:
    """Return what the first rows of a table hold as text."""
    frame = table.to_frame() if isinstance(table, pd.Series) else table
    texts = frame.head(20).select_dtypes(exclude=["number", "bool", "datetime"])
    return sorted({str(cell) for cell in texts.to_numpy().ravel()})
