"""Value unchanged: a line that should change something and does not; a score that never moves."""

import ast
from collections.abc import Iterator

from grader.prove.finding import Finding, Oracle
from grader.prove.oracles.watched import Step, steps
from grader.prove.trial import Trial


def find(trial: Trial) -> list[Finding]:
    """Return watched lines without effect, and a headline score that ignores the held-out rows."""
    return [*_without_effect(trial), *_deaf_score(trial)]


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


ORACLE = Oracle(
    "value unchanged",
    ("base", "influence"),
    find,
    "every line that should change a value does, and the score moves with the held-out rows",
)
