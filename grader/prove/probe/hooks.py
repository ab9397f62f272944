"""Hooks into scikit-learn, pandas, joblib and logging: each writes what it sees into the diary."""

import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
import pandas as pd
import sklearn.metrics
import sklearn.model_selection
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import all_estimators

from grader.prove.probe.diary import Diary, plain, state_of
from grader.prove.probe.tables import MOST_COLUMNS

FITS = ("fit", "fit_transform", "fit_predict", "partial_fit")
USES = ("transform", "predict", "predict_proba", "decision_function", "score", "predict_log_proba")
CROSS_VALIDATION = (
    "cross_val_score",
    "cross_val_predict",
    "cross_validate",
    "permutation_test_score",
)
SPLITTERS = tuple(
    cls
    for _, cls in inspect.getmembers(sklearn.model_selection, inspect.isclass)
    if hasattr(cls, "split")
)


class Replay:
    """The splits of an earlier run, given out again in the same order."""

    def __init__(self, recorded: list[Any] | None) -> None:
        self._left = list(recorded or [])
        self.made: list[Any] = []

    def take(self, rows: int) -> Any | None:
        """Return the next recorded split, or None if there is none for so many rows."""
        recorded = self._left.pop(0) if self._left else None
        return recorded if recorded is not None and recorded["rows"] == rows else None


def install(diary: Diary, replay: Replay, broken_models: bool = False) -> None:
    """Set every hook; meant for a process that ends after the run."""
    _hook_estimators(diary, broken_models)
    _hook_splitting(diary, replay)
    _hook_functions(diary)
    _hook_logging(diary)


def _hook_estimators(diary: Diary, broken: bool) -> None:
    for cls, name, member in estimator_methods():
        around = _fitting if name in FITS else _using
        if name == "__init__":
            setattr(cls, name, _making(diary, member))
        elif inspect.isfunction(member):
            setattr(cls, name, around(diary, name, member, broken))
        else:  # available only where the wrapped estimator has it
            member.fn = around(diary, name, member.fn, broken)


@functools.lru_cache(maxsize=1)
def estimator_methods() -> tuple[tuple[type, str, Any], ...]:
    """Return the methods of scikit-learn's classes to hook; a warm child looks them up once."""
    found: list[tuple[type, str, Any]] = []
    classes = {cls for _, each in all_estimators() for cls in each.__mro__} | set(SPLITTERS)
    for cls in sorted(classes, key=lambda c: f"{c.__module__}.{c.__qualname__}"):
        if not cls.__module__.startswith("sklearn."):
            continue
        for name in (*FITS, *USES):
            member = cls.__dict__.get(name)
            if inspect.isfunction(member) or hasattr(member, "fn"):
                found.append((cls, name, member))
        made = cls.__dict__.get("__init__")
        if inspect.isfunction(made) and "random_state" in inspect.signature(made).parameters:
            found.append((cls, "__init__", made))
    return tuple(found)


def _making(diary: Diary, made: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(made)
    def hook(self: Any, *given: Any, **named: Any) -> None:
        made(self, *given, **named)
        if not diary.inside and type(self).__init__ is hook:
            seed = getattr(self, "random_state", None)
            diary.note("make", type(self).__name__, random_state=plain(seed))

    return hook


def _fitting(
    diary: Diary, name: str, member: Callable[..., Any], broken: bool
) -> Callable[..., Any]:
    @functools.wraps(member)
    def hook(self: Any, *given: Any, **named: Any) -> Any:
        if diary.inside:
            return member(self, *given, **named)
        X, y = _argument(given, named, 0, "X"), _argument(given, named, 1, "y")
        event = diary.note(
            "fit", type(self).__name__, method=name, X=diary.tables.add(X), y=diary.tables.add(y)
        )
        event |= {"object": id(self), "width": _width(X)}
        with diary.within():
            result = member(self, *given, **named)
            event["state"] = state_of(self)
            event["made"] = _made_names(self)
        if name != "fit":
            diary.tables.name_rows(result, diary.tables.labels(X))
            event["result"] = diary.tables.add(result)
        return result

    return hook


def _made_names(estimator: Any) -> list[str]:
    """Return the columns that a model gets from the steps before it; none if they cannot be told.

    Raises nothing: an own transformer may know no names.
    """
    try:
        steps = estimator[:-1] if isinstance(estimator, Pipeline) else estimator
        names = [str(name) for name in steps.get_feature_names_out()]
    except Exception:
        return []
    return names if len(names) <= MOST_COLUMNS else []


def _using(diary: Diary, name: str, member: Callable[..., Any], broken: bool) -> Callable[..., Any]:
    @functools.wraps(member)
    def hook(self: Any, *given: Any, **named: Any) -> Any:
        if diary.inside:
            return member(self, *given, **named)
        if broken and name.startswith("predict"):
            raise ValueError("the model refuses these rows")
        X = _argument(given, named, 0, "X")
        with diary.within():
            result = member(self, *given, **named)
        labels = diary.tables.labels(X)
        diary.tables.name_rows(result, labels)
        event = diary.note(
            "use", type(self).__name__, method=name, object=id(self), X=diary.tables.add(X)
        )
        event |= {"result": diary.tables.add(result), "width": _width(X)}
        if name == "score":
            event |= {
                "value": plain(result),
                "y": diary.tables.add(_argument(given, named, 1, "y")),
            }
        classes = getattr(self, "classes_", None)
        if classes is not None and np.ndim(classes) == 1:
            event["classes"] = [plain(c) for c in np.asarray(classes).tolist()]
        return result

    return hook


def _hook_splitting(diary: Diary, replay: Replay) -> None:
    real = sklearn.model_selection.train_test_split

    @functools.wraps(real)
    def train_test_split(*arrays: Any, **options: Any) -> Any:
        if diary.inside:
            return real(*arrays, **options)
        rows = len(arrays[0]) if hasattr(arrays[0], "__len__") else arrays[0].shape[0]
        recorded = replay.take(rows)
        with diary.within():
            *parts, train, test = real(*arrays, np.arange(rows), **options)
            if recorded is not None:
                train, test = (np.asarray(recorded[side]) for side in ("train", "test"))
                safe = sklearn.utils._safe_indexing
                parts = [safe(a, side) for a in arrays for side in (train, test)]
        replay.made.append({"rows": rows, "train": train.tolist(), "test": test.tolist()})
        diary.note(
            "split",
            "train_test_split",
            random_state=plain(options.get("random_state")),
            seeded="random_state" in options,
            stratified=options.get("stratify") is not None,
            shuffled=options.get("shuffle", True),
            X=diary.tables.add(arrays[0]),
            **_sides(diary, arrays[0], train, test),
        )
        for number, array in enumerate(arrays):
            labels = diary.tables.labels(array)
            if labels is not None:
                diary.tables.name_rows(parts[2 * number], labels[train])
                diary.tables.name_rows(parts[2 * number + 1], labels[test])
        return parts

    sklearn.model_selection.train_test_split = train_test_split
    for cls in SPLITTERS:
        member = cls.__dict__.get("split")
        if inspect.isfunction(member):
            setattr(cls, "split", _splitting(diary, replay, member))  # noqa: B010


def _splitting(diary: Diary, replay: Replay, member: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(member)
    def hook(self: Any, X: Any, y: Any = None, groups: Any = None) -> Any:
        if diary.inside:
            return member(self, X, y, groups)
        rows = X.shape[0] if hasattr(X, "shape") else len(X)
        recorded = replay.take(rows)
        with diary.within():
            pairs = list(member(self, X, y, groups))
        if recorded is not None:
            pairs = [(np.asarray(a), np.asarray(b)) for a, b in recorded["pairs"]]
        replay.made.append({"rows": rows, "pairs": [(a.tolist(), b.tolist()) for a, b in pairs]})
        diary.note(
            "split",
            type(self).__name__,
            random_state=plain(getattr(self, "random_state", None)),
            seeded=getattr(self, "random_state", None) is not None,
            grouped=groups is not None,
            X=diary.tables.add(X),
            parts=len(pairs),
            **(_sides(diary, X, *pairs[0]) if pairs else {}),
        )
        return iter(pairs)

    return hook


def _sides(diary: Diary, X: Any, train: np.ndarray, test: np.ndarray) -> dict[str, Any]:
    labels = diary.tables.labels(X)
    labels = np.arange(len(train) + len(test)) if labels is None else labels
    if max(len(labels), 1) <= max([*train, *test, 0]):
        return {}
    return {"train": labels[train].tolist(), "test": labels[test].tolist()}


def _hook_functions(diary: Diary) -> None:
    for name, function in inspect.getmembers(sklearn.metrics, inspect.isfunction):
        if "y_true" in inspect.signature(function).parameters:
            setattr(sklearn.metrics, name, _measuring(diary, name, function))
    for name in CROSS_VALIDATION:
        function = getattr(sklearn.model_selection, name)
        setattr(sklearn.model_selection, name, _cross_validating(diary, name, function))
    pd.read_csv = _reading(diary, pd.read_csv)
    joblib.dump = _storing(diary, joblib.dump)


def _measuring(diary: Diary, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def hook(*given: Any, **named: Any) -> Any:
        if diary.inside:
            return function(*given, **named)
        with diary.within():
            result = function(*given, **named)
        if diary.often(name):
            return result
        first, second = (_argument(given, named, n, k) for n, k in ((0, "y_true"), (1, "y_pred")))
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
        X, y = _argument(given, named, 1, "X"), _argument(given, named, 2, "y")
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


def _hook_logging(diary: Diary) -> None:
    real = logging.Logger.handle

    def handle(self: logging.Logger, record: logging.LogRecord) -> None:
        if record.pathname == diary.program or diary.lines():
            diary.note("log", record.levelname, text=record.getMessage()[:4000])
        real(self, record)

    logging.Logger.handle = handle  # type: ignore[method-assign]


def _argument(given: tuple[Any, ...], named: dict[str, Any], place: int, name: str) -> Any:
    return given[place] if len(given) > place else named.get(name)


def _width(X: Any) -> int | None:
    return int(X.shape[1]) if getattr(X, "ndim", 0) == 2 else None
