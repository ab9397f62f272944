"""Value unchanged: a line that should change something and does not; a score that never moves."""

import ast
from collections.abc import Iterator

import numpy as np

from grader.prove.finding import Finding, Oracle
from grader.prove.oracles.folds import figures
from grader.prove.oracles.watched import Step, steps
from grader.prove.trial import Trial

FEW_ROWS = 0.1
"""A share of predictions that rounding and the order of columns may move."""


def find(trial: Trial) -> list[Finding]:
    """Return watched lines without effect, and a headline score that ignores the held-out rows."""
    return [*_without_effect(trial), *_deaf_score(trial), *figures(trial), *_renamed(trial)]


def _without_effect(trial: Trial) -> Iterator[Finding]:
    meant = _meant_to_change(trial.program)
    seen: dict[int, bool] = {}
    for step in steps(trial.base):
        if step.line in meant:
            seen[step.line] = seen.get(step.line, True) and _same(step)
    for line, same in seen.items():
        if same:
            yield Finding(
                "no-effect",
                (line,),
                f"line {line} changes no table: every value is the same before and after it",
            )


def _same(step: Step) -> bool:
    before, after = step.before["tables"], step.after["tables"]
    return bool(before) and all(after.get(name) == number for name, number in before.items())


def _meant_to_change(program: str) -> set[int]:
    """Return the lines of statements that change a table in place, or throw a result away."""
    found: set[int] = set()
    for node in ast.walk(ast.parse(program)):
        put = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
        thrown = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        if put or thrown:
            assert isinstance(node, ast.stmt)
            found |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found


def _deaf_score(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if the headline score is the same with other held-out rows."""
    name = trial.material.facts.metric
    base = trial.base.report.get(name)
    for what in ("features", "labels"):
        run = trial.run(f"influence/{what}")
        if run.sound and base is not None and run.report.get(name) == base:
            yield Finding(
                "deaf-score",
                (),
                f"the reported {name} is {base} whatever the {what} of the held-out rows are: it "
                "is not measured on them",
            )
            return


def _renamed(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if other names for the categories give other predictions."""
    here, there = (_moved(t) for t in (trial, trial.twin))
    if here is not None and there is not None and here > FEW_ROWS > there:
        yield Finding(
            "names-matter",
            (),
            f"with the categories renamed one for one, {here:.0%} of the predictions move by more "
            f"than a fiftieth of their spread; in the clean program {there:.0%}",
        )


def _moved(trial: Trial) -> float | None:
    """Return the share of predictions that other names for the categories move."""
    before, after = trial.run("base/serve"), trial.maybe("renamed/serve")
    if after is None or not (before.sound and after.sound):
        return None
    one, two = before.served.select_dtypes("float"), after.served.select_dtypes("float")
    if one.empty or one.shape != two.shape:
        return None
    left, right = one.iloc[:, 0].to_numpy(), two.iloc[:, 0].to_numpy()
    return float((np.abs(left - right) > np.std(left) / 50).mean())


ORACLE = Oracle(
    "value unchanged",
    ("base", "influence", "renamed"),
    find,
    "every line that should change a value does, and the score moves with the held-out rows",
)
