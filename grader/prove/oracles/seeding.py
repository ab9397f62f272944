"""Partial seeding: which random steps do not follow the seed argument."""

from collections.abc import Iterator

from grader.prove.finding import Finding, Oracle
from grader.prove.groups import OTHER_SEED, SEED
from grader.prove.oracles.compare import paired
from grader.prove.seen import Event, Run
from grader.prove.trial import Trial


def find(trial: Trial) -> list[Finding]:
    """Return the steps that keep one whole-number seed, and a seed argument without effect."""
    base, other = trial.base, trial.run("seeds/other")
    if not other.sound:
        return []
    return [*_ignored(trial, base, other), *_fixed(base, other)]


def _ignored(trial: Trial, base: Run, other: Run) -> Iterator[Finding]:
    """Yield a finding if no figure follows the seed argument, and some of the clean twin's do."""
    clean = trial.twin
    if clean is trial or _figures(base) != _figures(other):
        return
    if _figures(clean.base) != _figures(clean.run("seeds/other")):
        yield Finding(
            "seed-ignored",
            (),
            f"with seed argument {SEED} and {OTHER_SEED} every figure of the report is the same; "
            "those of the clean program differ",
        )


def _fixed(base: Run, other: Run) -> Iterator[Finding]:
    """Yield a finding if steps keep one whole number as their seed."""
    fixed = [
        event
        for event, again in paired(base, other, "make", "split")
        if _number(event) and event["random_state"] == again["random_state"]
    ]
    if not fixed:
        return
    named = ", ".join(dict.fromkeys(f"{e['name']} {e['random_state']}" for e in fixed))
    lines = tuple(dict.fromkeys(line for event in fixed for line in event["lines"][:1]))
    yield Finding(
        "fixed-seed",
        lines,
        f"with seed argument {SEED} and {OTHER_SEED} alike, these steps keep one seed: {named}",
    )


def _figures(run: Run) -> dict[str, object]:
    return {k: v for k, v in run.report.items() if isinstance(v, float)}


def _number(event: Event) -> bool:
    seed = event.get("random_state")
    return isinstance(seed, int) and not isinstance(seed, bool)


ORACLE = Oracle(
    "partial seeding",
    ("base", "seeds"),
    find,
    "every seeded step follows the seed argument",
)
