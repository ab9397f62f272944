"""Fault in: a missing or broken file, a model that raises, a place that cannot be written."""

import re

from grader.prove.damage import SAID
from grader.prove.finding import Finding, Oracle
from grader.prove.seen import Run
from grader.prove.trial import Trial

FILE_FAULTS = ("missing_file", "empty_file", "not_text", "lines_too_long", "header_only")
_FRAME = re.compile(r'File "[^"]*program\.py", line (\d+)')


def find(trial: Trial) -> list[Finding]:
    """Return the faults that end in a traceback, and those that end as if nothing had been."""
    found = [*_tracebacks(trial), *_swallowed(trial)]
    unserved = trial.run("served/no-model")
    if unserved.traceback:
        found.append(
            Finding(
                "traceback:no-model",
                traced(unserved),
                f"without a stored model it ends with a traceback: {last_line(unserved)}",
            )
        )
    return found


def _tracebacks(trial: Trial) -> list[Finding]:
    found = []
    for name in FILE_FAULTS:
        run = trial.run(f"damaged/{name}")
        if run.traceback:
            found.append(
                Finding(
                    f"traceback:{name}",
                    traced(run),
                    f"{SAID[name]} ends with a traceback: {last_line(run)}",
                )
            )
    return found


def _swallowed(trial: Trial) -> list[Finding]:
    found = []
    blocked, broken = trial.run("served/blocked"), trial.run("served/broken")
    if blocked.exit_code == 0:
        found.append(
            Finding(
                "swallowed",
                (),
                "with a folder in the place of the predictions file nothing is written, and it "
                "ends with exit code 0",
            )
        )
    for name in trial.names("served"):
        run = trial.run(name)
        if name.startswith("served/unwritten-") and run.exit_code == 0:
            path = trial.base.written[int(name.rpartition("-")[2])]
            found.append(
                Finding(
                    "swallowed",
                    (),
                    f"with a folder in the place of {path} it is not written, and training ends "
                    "with exit code 0",
                )
            )
    if broken.exit_code == 0:
        found.append(
            Finding(
                "defaulted",
                (),
                "with a model that raises on every row it ends with exit code 0 and writes "
                f"predictions ({len(broken.served)} rows)",
            )
        )
    return found


def traced(run: Run) -> tuple[int, ...]:
    """Return the program lines of a traceback, the innermost first."""
    return tuple(int(number) for number in reversed(_FRAME.findall(run.stderr)))


def last_line(run: Run) -> str:
    """Return the last line that a run said."""
    return (run.stderr.strip() or "no output").splitlines()[-1][:200]


ORACLE = Oracle(
    "fault in",
    ("base", "served", "damaged"),
    find,
    "every broken file ends with one clear error and exit code 2, and nothing is written over it",
)
