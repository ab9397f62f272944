"""The attacker with a pile of own exercises: the tool makes them, keys and all, for everybody.

It counts how often each statement, in a form that renaming does not touch, was flawed in the other
exercises of the scenario, and takes for flawed what was so in at least half of the cases.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from attacks.exercises import Target
from attacks.forms import forms
from attacks.score import Guess


@dataclass(frozen=True)
class Memory:
    """How often each statement was seen, and how often it was flawed."""

    seen: Counter[str]
    flawed: Counter[str]


def remembered(target: Target) -> Memory:
    """Return what one exercise and its key teach."""
    found = forms(target.program)
    return Memory(
        Counter(f.text for f in found),
        Counter(f.text for f in found if target.flawed.intersection(range(f.start, f.end + 1))),
    )


def guesses(target: Target, others: Sequence[Memory]) -> list[Guess]:
    """Return the statements that were flawed in half of the other exercises or more."""
    found = forms(target.program)
    seen = {f.text: sum(m.seen[f.text] for m in others) for f in found}
    flawed = {f.text: sum(m.flawed[f.text] for m in others) for f in found}
    return [(f.start, f.end) for f in found if seen[f.text] and flawed[f.text] * 2 >= seen[f.text]]
