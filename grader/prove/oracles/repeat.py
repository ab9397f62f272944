"""Run to run: the same program on the same data with the same seed argument, run twice."""

from typing import Any

from grader.prove.finding import Finding, Oracle
from grader.prove.oracles.watched import parting
from grader.prove.seen import Run
from grader.prove.trial import Trial

NOT_A_RESULT = ("path", "seconds", "time", "finished", "started")


def find(trial: Trial) -> list[Finding]:
    """Return what differs between two runs; what the clock decides apart from the rest."""
    found = []
    first, second = trial.run("repeat/1"), trial.run("repeat/2")
    later = _later(trial)
    if later:
        found.append(Finding("clock", (), later))
    order = _column_order(first, second)
    if order:
        found.append(Finding("column-order", (), order))
    clock = _difference(trial.run("repeat/no-seed-1"), trial.run("repeat/no-seed-2"))
    if clock:
        said = "two runs an hour apart, on the same data and without a seed argument, differ"
        found.append(Finding("no-seed", (), f"{said}: {clock}"))
    with_seed = _difference(first, second) or _other_predictions(trial)
    if with_seed and not (order or later):
        lines = tuple(dict.fromkeys([*_first_lines(first, second), *parting(first, second)]))
        said = "two runs on the same data with the same seed differ"
        found.append(Finding("same-seed", lines, f"{said}: {with_seed}"))
    return found


def _difference(a: Run, b: Run) -> str:
    """Return the first figures that differ, as a sentence's end; empty if none do."""
    if not (a.sound and b.sound):
        return ""
    left, right = _results(a), _results(b)
    names = [n for n in left if n in right and left[n] != right[n]]
    if names:
        return ", ".join(f"{n} {left[n]} and {right[n]}" for n in names[:3])
    return ""


def _later(trial: Trial) -> str:
    """Return that the same rows get other predictions later on; empty if they do not."""
    now, later = trial.run("repeat/served-1"), trial.run("repeat/served-later")
    if not (now.sound and later.sound) or now.predictions == later.predictions:
        return ""
    lines = zip(now.predictions.splitlines(), later.predictions.splitlines(), strict=False)
    changed = sum(a != b for a, b in lines)
    return f"with the clock 400 days ahead, {changed} predictions of the same model are others"


def _column_order(a: Run, b: Run) -> str:
    """Return that the model's columns stand in another order; empty if they do not."""
    for one, two in zip(a.of("fit", "cross-validate"), b.of("fit", "cross-validate"), strict=False):
        left, right = a.table(one["X"]), b.table(two["X"])
        orders = [(t.columns if t is not None else ()) for t in (left, right)]
        for here, there in (orders, (one.get("made", ()), two.get("made", ()))):
            if list(here) != list(there) and sorted(here) == sorted(there):
                apart = next(n for n, (x, y) in enumerate(zip(here, there, strict=True)) if x != y)
                first, second = (", ".join(names[apart : apart + 3]) for names in (here, there))
                return f"in two runs the columns stand in different orders: {first} and {second}"
    return ""


def _other_predictions(trial: Trial) -> str:
    """Return that the two models predict differently, as a sentence's end; empty if they do not."""
    one, two = trial.run("repeat/served-1"), trial.run("repeat/served-2")
    if not (one.sound and two.sound) or one.predictions == two.predictions:
        return ""
    lines = zip(one.predictions.splitlines(), two.predictions.splitlines(), strict=False)
    return f"{sum(a != b for a, b in lines)} predictions are not the same"


def _results(run: Run) -> dict[str, Any]:
    return {k: v for k, v in run.report.items() if not any(w in k for w in NOT_A_RESULT)}


def _first_lines(a: Run, b: Run) -> tuple[int, ...]:
    """Return the lines of the unseeded steps, and of the first event in which the runs part."""
    found: list[int] = []
    parted = False
    for one, two in zip(a.events, b.events, strict=False):
        if one["kind"] in ("make", "split") and one.get("random_state") is None:
            found += one["lines"][:1]
        if not parted and _seen(a, one) != _seen(b, two):
            parted = True
            found += one["lines"]
    return tuple(dict.fromkeys(found))


def _seen(run: Run, event: dict[str, Any]) -> object:
    """Return what an event shows, tables by content."""
    shown = {k: v for k, v in event.items() if k not in ("object", "holds", "text", "state")}
    for name in ("X", "y", "first", "second", "result"):
        table = run.table(event.get(name)) if isinstance(event.get(name), int) else None
        if table is not None:
            shown[name] = table.cells.tobytes()
    return shown


ORACLE = Oracle("run to run", ("repeat",), find, "two runs give the same report and the same model")
