"""The diary of one call: the events in their order, each with the program lines that led to it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import joblib

from grader.prove.probe.tables import TableStore

MOST_EVENTS = 4_000
MOST_TIMES = 24
"""A bootstrap scores hundreds of times at one line; a search over settings stays below."""


class Diary:
    """Collects events while a program runs.

    Only what the program itself calls is written down, not what the libraries call in turn:
    ``inside`` counts how deep in watched library calls the run is.
    """

    def __init__(self, program: str) -> None:
        self.program = program
        self.events: list[dict[str, Any]] = []
        self.tables = TableStore()
        self.inside = 0
        self._times: dict[tuple[object, ...], int] = {}

    def note(self, kind: str, name: str, **facts: object) -> dict[str, Any]:
        """Write an event down; return it so that facts known later can be added."""
        event = {"kind": kind, "name": name, "lines": self.lines(), **facts}
        if len(self.events) < MOST_EVENTS:
            self.events.append(event)
        return event

    def often(self, name: str) -> bool:
        """Tell whether a call at the present line was noted so often that more tells nothing."""
        key = (name, *self.lines()[:1])
        self._times[key] = self._times.get(key, 0) + 1
        return self._times[key] > MOST_TIMES

    def lines(self) -> list[int]:
        """Return the program's lines on the stack, the innermost first."""
        frame: FrameType | None = sys._getframe(1)
        found: list[int] = []
        while frame is not None:
            if frame.f_code.co_filename == self.program:
                found.append(frame.f_lineno)
            frame = frame.f_back
        return found

    @contextmanager
    def within(self) -> Iterator[None]:
        """Mark that a watched library call is running."""
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1


def state_of(estimator: object) -> str | None:
    """Return a fingerprint of what an estimator has learnt; None if it cannot be taken.

    Of a search only the winner counts: its table of results holds running times.
    """
    try:
        return str(joblib.hash(getattr(estimator, "best_estimator_", estimator)))
    except Exception:  # anything unpicklable may stand in a program's own estimator
        return None


def plain(value: object) -> object:
    """Return a value that JSON can hold: numbers and text as they are, the rest as its type."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    if hasattr(value, "item") and getattr(value, "size", 2) == 1:
        return plain(value.item())
    if isinstance(value, list | tuple) and len(value) <= 50:
        return [plain(v) for v in value]
    return f"<{type(value).__name__}>"


Wrapper = Callable[..., Any]
