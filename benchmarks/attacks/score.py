"""How well guessed statements meet the flaws: precision, recall, F1."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from attacks.exercises import Target

Guess = tuple[int, int]
"""The first and the last line of a statement that is taken for flawed."""


@dataclass(frozen=True)
class Tally:
    """Guesses made and right, flaws there and found; the same for single lines."""

    guesses: int = 0
    right: int = 0
    flaws: int = 0
    found: int = 0
    lines: int = 0
    right_lines: int = 0
    flawed_lines: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, f) + getattr(other, f) for f in self.__dataclass_fields__))

    @property
    def f1(self) -> float:
        """F1 of flaws: a guess is right if it touches a flaw, a flaw found if it is touched."""
        return _f1(self.right / max(self.guesses, 1), self.found / max(self.flaws, 1))

    @property
    def line_f1(self) -> float:
        """F1 of lines."""
        return _f1(
            self.right_lines / max(self.lines, 1), self.right_lines / max(self.flawed_lines, 1)
        )


def tally(target: Target, guesses: Sequence[Guess]) -> Tally:
    """Return how the guesses of one program meet its flaws."""
    spans = [range(start, end + 1) for start, end in set(guesses)]
    lines = {line for span in spans for line in span}
    return Tally(
        guesses=len(spans),
        right=sum(any(line in target.flawed for line in span) for span in spans),
        flaws=len(target.flaws),
        found=sum(bool(lines.intersection(flaw)) for flaw in target.flaws),
        lines=len(lines),
        right_lines=len(lines & target.flawed),
        flawed_lines=len(target.flawed),
    )


def total(tallies: Iterable[Tally]) -> Tally:
    """Return the sum over programs."""
    return sum(tallies, Tally())


def _f1(precision: float, recall: float) -> float:
    both = precision + recall
    return 2 * precision * recall / both if both else 0.0
