"""Garbage in: values that cannot be, labels that do not exist, ids that come twice, gaps."""

from collections.abc import Iterator

import numpy as np

from grader.prove.damage import SAID
from grader.prove.finding import Finding, Oracle
from grader.prove.oracles.fault import last_line, traced
from grader.prove.oracles.watched import steps
from grader.prove.rows import LEARNING, TRIVIAL
from grader.prove.seen import NAN, ZERO, Run, Table
from grader.prove.trial import Trial

REFUSED = (
    "out_of_range",
    "unknown_label",
    "missing_label",
    "repeated_id",
    "lines_too_long",
    "other_dates",
)
TEXT_IN = "served/text_in_"


def find(trial: Trial) -> list[Finding]:
    """Return what is accepted in silence, what fails late, and gaps that become zeros."""
    found = [*_accepted(trial), *_texts(trial), *_late(trial), *_zeros(trial)]
    found += [*_asserted(trial), *_recoded(trial)]
    unseen = trial.maybe("served/unseen_category")
    if unseen is not None and not unseen.sound:
        found.append(
            Finding(
                "unseen-category",
                traced(unseen),
                f"{SAID['unseen_category']} ends with exit code {unseen.exit_code}: "
                f"{last_line(unseen)}",
            )
        )
    return found


def _accepted(trial: Trial) -> Iterator[Finding]:
    for name in REFUSED:
        run = trial.maybe(f"damaged/{name}")
        if run is not None and run.sound:
            yield Finding(
                f"accepted:{name}",
                (),
                f"training on {SAID[name]} ends with exit code 0 and a model",
            )


def _texts(trial: Trial) -> Iterator[Finding]:
    names = [name for name in trial.names("served") if name.startswith(TEXT_IN)]
    used = _features(trial.base)
    taken = [name.removeprefix(TEXT_IN) for name in names if trial.run(name).sound]
    taken = [name for name in taken if used is None or name in used.columns]
    if taken:
        yield Finding(
            "accepted:text",
            (),
            f"the word n/k in the number column {taken[0]} is taken for a value, exit code 0"
            + (f" ({len(taken)} of {len(names)} columns)" if len(taken) > 1 else ""),
        )


def _late(trial: Trial) -> Iterator[Finding]:
    run = trial.run("damaged/column_missing")
    if run.traceback:
        yield Finding(
            "late:column_missing",
            traced(run),
            f"{SAID['column_missing']} ends far from its cause: {last_line(run)}",
        )


def _asserted(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if impossible numbers end in a failed assertion."""
    run = trial.run("damaged/out_of_range")
    if run.traceback and last_line(run).startswith("AssertionError"):
        yield Finding(
            "asserted",
            traced(run),
            f"{SAID['out_of_range']} end in a traceback, {last_line(run)[:80]}; under -O nobody "
            "would look",
        )


def _recoded(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if codes that look like numbers are not taken as they are."""
    here, there = (t.maybe("served/numeric_codes") for t in (trial, trial.twin))
    if here is None or there is None or not there.sound:
        return
    if not here.sound:
        yield Finding(
            "codes-changed", (), f"{SAID['numeric_codes']} in a category: {last_line(here)}"
        )
    elif len(_ids(there) - _ids(here)) > len(_ids(there)) // 2:
        code = min(_ids(there) - _ids(here))
        yield Finding(
            "codes-changed",
            (),
            f"the id {code} stands beside no prediction; {min(_ids(here))} does",
        )


def _ids(run: Run) -> set[str]:
    """Return what stands in the first column of the predictions, as it is written."""
    return {line.split(",")[0] for line in run.predictions.splitlines()[1:]} or {""}


def _zeros(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if cells that are empty in the clean program's features are zeros here."""
    here, there = _features(trial.base), _features(trial.twin.base)
    if here is None or there is None or here.rows is None or there.rows is None:
        return
    _, left, right = np.intersect1d(here.rows, there.rows, return_indices=True)
    shared = [name for name in here.columns if name in there.columns]
    ours = np.array([here.columns.index(n) for n in shared], dtype=np.intp)
    theirs = np.array([there.columns.index(n) for n in shared], dtype=np.intp)
    a, b = here.cells[np.ix_(left, ours)], there.cells[np.ix_(right, theirs)]
    zeroed = (a == ZERO) & (b == NAN)
    if zeroed.any():
        columns = [n for n, any_ in zip(shared, zeroed.any(axis=0), strict=True) if any_]
        yield Finding(
            "zero-filled",
            tuple(s.line for s in steps(trial.base)),
            f"{int(zeroed.sum())} missing values reach the model as 0 ({', '.join(columns[:3])})",
        )


def _features(run: Run) -> Table | None:
    """Return the first table that a model learns from."""
    for event in run.of(*LEARNING):
        if event.get("y") is not None and event["name"] not in TRIVIAL:
            return run.table(event["X"])
    return None


ORACLE = Oracle(
    "garbage in",
    ("base", "served", "damaged"),
    find,
    "impossible values, labels, ids and words in number columns are refused with exit code 2",
)
