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
    return [*_baseline(trial), *_log(trial), *_personal(trial), *_stored(trial)]


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
    """Yield a finding if the training log tells less than half of the figures that it should."""
    base = trial.base
    told, there = (_told(t) for t in (trial, trial.twin))
    figures = sum(isinstance(v, float) for v in base.report.values())
    there &= base.report.keys()
    if len(told) * 2 < len(there):
        yield Finding(
            "log-silent",
            (),
            f"the log of a training run tells {len(told)} of the {figures} figures of its report; "
            f"that of the clean program tells {len(there)}, such as {sorted(there - told)[0]}",
        )


def _told(trial: Trial) -> set[str]:
    """Return the names of the reported figures that stand in the log, to two decimals or more."""
    said = {float(n): len(n.partition(".")[2]) for n in _NUMBER.findall(trial.base.log)}
    return {
        name
        for name, value in trial.base.report.items()
        if isinstance(value, float) and value != round(value, 1)
        for places in (2, 3, 4)
        if said.get(round(value, places), 0) >= min(places, 3)
    }


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


def _stored(trial: Trial) -> Iterator[Finding]:
    """Yield a finding if identifiers of the data stand in the stored model."""
    facts = trial.material.facts
    for name in (facts.id_column, facts.group_column):
        if name is None or not pd.api.types.is_string_dtype(trial.table[name]):
            continue
        ids = {str(v) for v in trial.table[name].unique() if len(str(v)) >= SHORTEST_ID}
        for event in trial.base.of("store"):
            for path, value in event["holds"].items():
                texts = value.get("texts", []) if isinstance(value, dict) else []
                if ids & set(texts):
                    yield Finding(
                        "personal-stored",
                        (),
                        f"{path} in the stored model holds {value['rows']} rows with their {name}",
                    )
                    return


ORACLE = Oracle(
    "output scan",
    ("base",),
    find,
    "report and log tell rows, scores and a baseline, and name nobody",
)
