"""An attacker who tries: phrases and places changed one by one, kept if the mean score rises.

It sees the scores of its own exercises, as somebody would who scores a bank with this tool. What it
ends up with is a review that is pasted on any program, and is then tried on exercises it never saw.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from cheats.desk import Desk, Review, general, on, scored


@dataclass(frozen=True)
class Move:
    """One comment of the pasted review: a text, and a place as a share of the program."""

    text: str
    place: float | None

    def on(self, desk: Desk) -> object:
        """Return it as a comment on an exercise."""
        if self.place is None:
            return general(self.text)
        return on(1 + int(self.place * (len(desk.lines) - 1)), self.text)


Policy = tuple[Move, ...]


def review(policy: Policy, desk: Desk) -> Review:
    """Return the review that a policy pastes on an exercise."""
    return [move.on(desk) for move in policy]  # type: ignore[misc]


def mean(policy: Policy, desks: Sequence[Desk]) -> float:
    """Return the mean points of a policy."""
    told = scored([(desk.key, review(policy, desk)) for desk in desks])
    return sum(one.points for one in told) / len(told)


def climb(desks: Sequence[Desk], phrases: Sequence[str], queries: int) -> tuple[Policy, float]:
    """Return the best policy found with so many scored reviews, and its mean on its own exercises.

    Each step is tried on a third of the exercises first and on all if it seems no worse there.
    """
    random = Random(queries)
    policy: Policy = tuple(_move(random, phrases) for _ in range(12))
    best, spent = mean(policy, desks), len(desks)
    few = desks[::3]
    low = mean(policy, few)
    spent += len(few)
    while spent < queries:
        tried = _changed(policy, random, phrases)
        spent += len(few)
        there = mean(tried, few)
        if there < low:
            continue
        spent += len(desks)
        value = mean(tried, desks)
        if value >= best:
            policy, best, low = tried, value, there
    return policy, best


def _move(random: Random, phrases: Sequence[str]) -> Move:
    return Move(random.choice(phrases), random.choice([None, *([random.random()] * 4)]))


def _changed(policy: Policy, random: Random, phrases: Sequence[str]) -> Policy:
    moves = list(policy)
    for _ in range(random.randint(1, 3)):
        act = random.choice(("text", "place", "nudge", "add", "drop", "double"))
        n = random.randrange(len(moves))
        if act == "text":
            moves[n] = replace(moves[n], text=random.choice(phrases))
        elif act == "place":
            moves[n] = replace(moves[n], place=random.random())
        elif act == "nudge" and moves[n].place is not None:
            moved = (moves[n].place or 0) + random.uniform(-0.04, 0.04)
            moves[n] = replace(moves[n], place=min(1.0, max(0.0, moved)))
        elif act == "add" and len(moves) < 60:
            moves.append(_move(random, phrases))
        elif act == "double" and len(moves) < 60:
            moves.append(replace(moves[n], place=random.random()))
        elif act == "drop" and len(moves) > 2:
            del moves[n]
    return tuple(moves)
