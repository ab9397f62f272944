"""The diff of two exercises of one scenario: do the lines that differ hold more flaws than others?

Two diffs are made: of the lines as they stand, and of the statements in a form that renaming and
layout do not touch.
"""

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from itertools import combinations

from attacks.exercises import Target
from attacks.forms import forms
from grader.spans import split_lines

_PAIRS = 6
Units = Callable[[Target], list[tuple[str, int, int]]]


def gains(targets: Sequence[Target]) -> tuple[float, float]:
    """Return by how many points flaws are denser in changed lines than in all, for both diffs."""
    return _gain(targets, _by_line), _gain(targets, _by_form)


def _gain(targets: Sequence[Target], units: Units) -> float:
    flawed = changed = bad = every = 0
    for one, other in _pairs(targets):
        ours, theirs = units(one), units(other)
        blocks = SequenceMatcher(
            None, [u[0] for u in ours], [u[0] for u in theirs], autojunk=False
        ).get_matching_blocks()
        same = {block.a + i for block in blocks for i in range(block.size)}
        marks = [bool(one.flawed.intersection(range(start, end + 1))) for _, start, end in ours]
        differ = [mark for index, mark in enumerate(marks) if index not in same]
        changed, flawed = changed + len(differ), flawed + sum(differ)
        every, bad = every + len(marks), bad + sum(marks)
    return 100 * (flawed / max(changed, 1) - bad / max(every, 1))


def _pairs(targets: Sequence[Target]) -> list[tuple[Target, Target]]:
    found = []
    for name in sorted({target.scenario for target in targets}):
        same = [target for target in targets if target.scenario == name]
        found += list(combinations(same, 2))[:_PAIRS]
    return found


def _by_line(target: Target) -> list[tuple[str, int, int]]:
    lines = enumerate(split_lines(target.program), 1)
    return [(line.strip(), number, number) for number, line in lines if line.strip()]


def _by_form(target: Target) -> list[tuple[str, int, int]]:
    return [(form.text, form.start, form.end) for form in forms(target.program)]
