"""Partial seeding: which random steps do not follow the seed argument."""

from grader.prove.finding import Finding, Oracle
from grader.prove.oracles.compare import paired
from grader.prove.seen import Event
from grader.prove.trial import OTHER_SEED, SEED, Trial


def find(trial: Trial) -> list[Finding]:
    """Return the steps that have the same whole-number seed although the argument differs."""
    base, other = trial.base, trial.run("seeds/other")
    fixed = [
        event
        for event, again in paired(base, other, "make", "split")
        if _number(event) and event["random_state"] == again["random_state"]
    ]
    if not other.sound or not fixed:
        return []
    named = ", ".join(dict.fromkeys(f"{e['name']} {e['random_state']}" for e in fixed))
    lines = tuple(dict.fromkeys(line for event in fixed for line in event["lines"][:1]))
    return [
        Finding(
            "fixed-seed",
            lines,
            f"with seed argument {SEED} and {OTHER_SEED} alike, these steps keep one seed: {named}",
        )
    ]


def _number(event: Event) -> bool:
    seed = event.get("random_state")
    return isinstance(seed, int) and not isinstance(seed, bool)


ORACLE = Oracle(
    "partial seeding",
    ("base", "seeds"),
    find,
    "every seeded step follows the seed argument",
)
