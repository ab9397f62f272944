"""Output scan: what the report and the log of a run say, and what they should not."""

import re
from collections.abc import Iterator

import pandas as pd

from grader.prove.finding import Finding, Oracle
from grader.prove.trial import Trial

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w])")
SHORTEST_ID = 4


def find(trial: Trial) -> list[Finding]:
    """Return what the output lacks and what it gives away."""
    return [*_baseline(trial), *_log(trial), *_personal(trial)]


def _baseline(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if no figure of a trivial model is reported or logged."""
    names = trial.material.facts.baseline
    said = {*trial.base.report}
    if names and not any(name in said for name in names):
        yield Finding(
            "no-baseline",
            (),
            f"the report holds no figure of a trivial model ({', '.join(names)} in the clean one)",
        )


def _log(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if the training log holds no figure of the report."""
    base = trial.base
    numbers = {float(n) for n in _NUMBER.findall(base.log)}
    figures = [v for v in base.report.values() if isinstance(v, float) and v != round(v)]
    if figures and not any(round(v, places) in numbers for v in figures for places in (1, 2, 3, 4)):
        yield Finding(
            "log-silent",
            (),
            f"the log of a training run holds none of the {len(figures)} figures of its report",
        )


def _personal(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if an identifier of the data stands in the output of a run."""
    facts = trial.material.facts
    for name in (facts.id_column, facts.group_column):
        if name is None or not pd.api.types.is_string_dtype(trial.table[name]):
            continue
        ids = {str(v) for v in trial.table[name].unique() if len(str(v)) >= SHORTEST_ID}
        for run in ("base/train", "base/serve"):
            words = set(re.findall(r"[\w@.-]+", trial.run(run).log))
            if words & ids:
                lines = [
                    line
                    for event in trial.run(run).of("log")
                    if set(re.findall(r"[\w@.-]+", event["text"])) & ids
                    for line in event["lines"]
                ]
                yield Finding(
                    "personal-data",
                    tuple(dict.fromkeys(lines)),
                    f"the log holds {len(words & ids)} values of {name}, such as "
                    f"{sorted(words & ids)[0]}",
                )
                return


ORACLE = Oracle(
    "output scan",
    ("base",),
    find,
    "report and log tell rows, scores and a baseline, and name nobody",
)
