"""Held-out influence: what the held-out rows change although nothing may learn from them.

The features (or the labels) of the held-out rows are exchanged and the program is run again on the
same splits. Whatever training has learnt must stay as it was, to the bit.
"""

from collections.abc import Iterator

import numpy as np

from grader.prove.finding import Finding, Oracle
from grader.prove.oracles.compare import differing, paired, said
from grader.prove.oracles.folds import prepared_rows
from grader.prove.oracles.watched import learning, spreading
from grader.prove.rows import LEARNING, TRIVIAL, labels_of
from grader.prove.seen import Event, Run
from grader.prove.trial import Trial

WHAT = ("features", "labels")
NOT_A_CHOICE = ("metric", "score", "hash", "sha", "rows", "count", "report", "quality")


def find(trial: Trial) -> list[Finding]:
    """Return everything that follows the held-out rows."""
    base, held = trial.base, trial.held_out()
    found: list[Finding] = [*prepared_rows(base)]
    for what in WHAT:
        other = trial.run(f"influence/{what}")
        if not other.sound:
            continue
        found += _fitted(base, other, held, what)
        found += _features(base, other, held, what)
        found += _learnt(base, other, what)
        found += _choices(base, other, what)
    return [*found, *_future(trial)]


def _future(trial: Trial) -> Iterator[Finding]:
    """Yield the watched lines that make an older row follow newer ones."""
    other = trial.maybe("influence/future")
    if other is None or not other.sound:
        return
    later = trial.later_rows()
    for line, (cells, columns, _) in spreading(trial.base, other, later).items():
        yield Finding(
            "features:future",
            (line,),
            f"other features in the {len(later)} newer rows alone change {cells} values of older "
            f"rows at line {line} ({said(columns)})",
        )


def _fitted(base: Run, other: Run, held: np.ndarray, what: str) -> Iterator[Finding]:
    """Yield what was fitted on held-out rows, before the last score, and changed with them."""
    last = _last_metric(base)
    for event, again in paired(base, other, "fit"):
        if base.events.index(event) > last or event["name"] in TRIVIAL:
            continue
        rows = labels_of(base, event["X"])
        seen = len(np.intersect1d(rows, held)) if len(rows) else _rows_unknown(base, event, held)
        if seen and event["state"] != again["state"] and event["state"]:
            yield Finding(
                f"fit:{what}",
                tuple(event["lines"]),
                f"{event['name']} is fitted on {seen} held-out rows; with other {what} in these "
                "rows alone it learns something else",
            )


def _rows_unknown(base: Run, event: Event, held: np.ndarray) -> int:
    """Return how many held-out rows an array without labels must hold, judged by its length."""
    table = base.table(event["X"])
    read = next((e["rows"] for e in base.of("read")), 0)
    return len(held) if table is not None and len(table) > read - len(held) // 2 else 0


def _features(base: Run, other: Run, held: np.ndarray, what: str) -> Iterator[Finding]:
    """Yield the changes of the training rows' features: by line where lines were watched."""
    spread = spreading(base, other, held)
    for line, (cells, columns, passed_on) in spread.items():
        yield Finding(
            f"passed-on:{what}" if passed_on else f"features:{what}",
            (line,),
            f"other {what} in the {len(held)} held-out rows alone change {cells} values of other "
            f"rows at line {line} ({said(columns)})",
        )
    for event, again in paired(base, other, *LEARNING):
        table, changed = base.table(event["X"]), other.table(again["X"])
        difference = differing(table, changed, held)
        if difference.cells and event["name"] not in TRIVIAL and event["y"] is not None:
            seen = (
                f"other {what} in the {len(held)} held-out rows alone change the features of "
                f"{difference.rows} training rows ({said(difference.columns)})"
            )
            own = tuple(line for line, added in spread.items() if not added.passed_on)
            yield Finding(f"features:{what}", own or tuple(event["lines"][:1]), seen)
            # Where no row can be followed, as in a table of days, a value that parts must do.
            if not spread:
                yield Finding("features:future", tuple(learning(base, other)), seen)
            return


def _learnt(base: Run, other: Run, what: str) -> Iterator[Finding]:
    """Yield the watched lines that compute something else with other held-out rows."""
    for line, name in learning(base, other).items():
        yield Finding(
            f"learnt:{what}",
            (line,),
            f"with other {what} in the held-out rows alone, line {line} gives another `{name}`",
        )


def _choices(base: Run, other: Run, what: str) -> Iterator[Finding]:
    """Yield settings that are stored and follow the held-out rows."""
    measured = [e["value"] for e in base.of("metric") if isinstance(e["value"], float)]
    lines = tuple(learning(base, other))
    stored, again = _stored(base), _stored(other)
    for path in sorted(stored.keys() & again.keys()):
        one, two = stored[path], again[path]
        if one == two or any(word in path.lower() for word in NOT_A_CHOICE):
            continue
        if path.rpartition("#")[1]:
            kind, name = "choice:params", path.rpartition("#")[2]
        elif any(abs(one - value) < 1e-3 for value in measured):
            continue
        else:
            kind, name = "choice:value", path
        yield Finding(
            f"{kind}:{what}",
            lines,
            f"with other {what} in the held-out rows alone, {name} becomes {two:g} instead of "
            f"{one:g}",
        )


def _stored(run: Run) -> dict[str, float]:
    """Return the stored numbers by path; parameters of estimators as ``path#name``."""
    found: dict[str, float] = {}
    for event in run.of("store"):
        for path, value in event["holds"].items():
            params = value.get("params", {}) if isinstance(value, dict) else {}
            found |= {f"{path}#{k}": float(v) for k, v in params.items() if _number(v)}
            if _number(value):
                found[path] = float(value)
    return found


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _last_metric(run: Run) -> int:
    places = [n for n, event in enumerate(run.events) if event["kind"] == "metric"]
    return places[-1] if places else len(run.events)


ORACLE = Oracle(
    "held-out influence",
    ("base", "influence"),
    find,
    "other features or labels in the held-out rows change nothing that training learns",
)
