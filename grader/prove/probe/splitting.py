"""Hooks into every split of rows: which rows go where, and the splits of an earlier run again."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import sklearn.model_selection

from grader.prove.probe.diary import Diary, plain

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


def hook_splitting(diary: Diary, replay: Replay) -> None:
    """Set the hooks of every splitter."""
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
