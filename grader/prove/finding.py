"""What an oracle finds in a program: one aspect, the lines that show it, and the figures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grader.prove.trial import Trial


@dataclass(frozen=True)
class Finding:
    """One thing that running (or reading) a program showed.

    Args:
        aspect: what kind of thing, as kinds name it in ``Proof.shows``.
        lines: program lines that did it; none where the whole program did.
        observed: a sentence with figures that a grader can read out.
    """

    aspect: str
    lines: tuple[int, ...]
    observed: str


@dataclass(frozen=True)
class Oracle:
    """A judgement over the runs of one program.

    Args:
        name: as kinds name it in ``Proof.oracle``.
        groups: the groups of runs that it looks at.
        find: a pure function of a trial; the same runs give the same findings.
        silence: the sentence for a program in which nothing is found.
    """

    name: str
    groups: tuple[str, ...]
    find: Callable[[Trial], Sequence[Finding]]
    silence: str
