"""Hooks into scikit-learn's estimators: what is made, what is fitted, what is used."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import all_estimators

from grader.prove.probe.arguments import argument, width
from grader.prove.probe.diary import Diary, plain, state_of
from grader.prove.probe.splitting import SPLITTERS
from grader.prove.probe.tables import MOST_COLUMNS

FITS = ("fit", "fit_transform", "fit_predict", "partial_fit")
USES = ("transform", "predict", "predict_proba", "decision_function", "score", "predict_log_proba")


def hook_estimators(diary: Diary, broken: bool) -> None:
    """Set the hooks of all estimators; ``broken`` models refuse to predict."""
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
        X, y = argument(given, named, 0, "X"), argument(given, named, 1, "y")
        event = diary.note(
            "fit", type(self).__name__, method=name, X=diary.tables.add(X), y=diary.tables.add(y)
        )
        event |= {"object": id(self), "width": width(X)}
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
        X = argument(given, named, 0, "X")
        with diary.within():
            result = member(self, *given, **named)
        labels = diary.tables.labels(X)
        diary.tables.name_rows(result, labels)
        event = diary.note(
            "use", type(self).__name__, method=name, object=id(self), X=diary.tables.add(X)
        )
        event |= {"result": diary.tables.add(result), "width": width(X)}
        if name == "score":
            event |= {
                "value": plain(result),
                "y": diary.tables.add(argument(given, named, 1, "y")),
            }
        classes = getattr(self, "classes_", None)
        if classes is not None and np.ndim(classes) == 1:
            event["classes"] = [plain(c) for c in np.asarray(classes).tolist()]
        return result

    return hook
