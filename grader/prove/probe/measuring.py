"""Hooks into metrics and cross-validation: what was measured, on which rows."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import sklearn.metrics
import sklearn.model_selection

from grader.prove.probe.arguments import argument
from grader.prove.probe.diary import Diary, plain

CROSS_VALIDATION = (
    "cross_val_score",
    "cross_val_predict",
    "cross_validate",
    "permutation_test_score",
)


def hook_measuring(diary: Diary) -> None:
    """Set the hooks of metrics and of cross-validation."""
    for name, function in inspect.getmembers(sklearn.metrics, inspect.isfunction):
        if "y_true" in inspect.signature(function).parameters:
            setattr(sklearn.metrics, name, _measuring(diary, name, function))
    for name in CROSS_VALIDATION:
        function = getattr(sklearn.model_selection, name)
        setattr(sklearn.model_selection, name, _cross_validating(diary, name, function))


def _measuring(diary: Diary, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def hook(*given: Any, **named: Any) -> Any:
        if diary.inside:
            return function(*given, **named)
        with diary.within():
            result = function(*given, **named)
        if diary.often(name):
            return result
        first, second = (argument(given, named, n, k) for n, k in ((0, "y_true"), (1, "y_pred")))
        second = named.get("y_score", named.get("y_prob", named.get("y_proba", second)))
        options = {k: plain(v) for k, v in named.items() if k[:2] != "y_"}
        diary.note(
            "metric",
            name,
            first=diary.tables.add(first),
            second=diary.tables.add(second),
            options=options,
            value=plain(result),
        )
        return result

    return hook


def _cross_validating(diary: Diary, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def hook(*given: Any, **named: Any) -> Any:
        if diary.inside:
            return function(*given, **named)
        X, y = argument(given, named, 1, "X"), argument(given, named, 2, "y")
        cv = named.get("cv")
        event = diary.note(
            "cross-validate",
            name,
            X=diary.tables.add(X),
            y=diary.tables.add(y),
            cv=type(cv).__name__ if cv is not None else None,
            shuffled=bool(getattr(cv, "shuffle", False)),
            random_state=plain(getattr(cv, "random_state", None)),
            grouped=named.get("groups") is not None,
            estimator=type(given[0] if given else named.get("estimator")).__name__,
        )
        with diary.within():
            event["folds"] = _folds_of(diary, cv, X, y, named.get("groups"))
            result = function(*given, **named)
        if isinstance(result, np.ndarray):
            diary.tables.name_rows(result, diary.tables.labels(X))
            event["result"] = diary.tables.add(result)
            if result.ndim == 1 and len(result) <= 60:
                event["value"] = plain(result.tolist())
        return result

    return hook


def _folds_of(diary: Diary, cv: Any, X: Any, y: Any, groups: Any) -> list[Any]:
    """Return the row labels of each fold; none where finding them out would change the run."""
    labels = diary.tables.labels(X)
    if labels is None:
        return []
    if hasattr(cv, "split"):
        if getattr(cv, "shuffle", True) and not isinstance(getattr(cv, "random_state", 0), int):
            return []
        cv = list(cv.split(X, y, groups))
    if not isinstance(cv, list | tuple):
        return []
    return [[labels[np.asarray(side)].tolist() for side in fold] for fold in cv]
