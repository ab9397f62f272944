"""Prints what the gaming attacks earn, what their honest twins lose, and what a climber learns.

Usage: python benchmarks/cheating.py [--exercises N] [--queries N] [--limit]
The first 24 exercises are those of the bank; further ones are made. Every attack and twin is run
on each. The climber has half of the exercises for itself and is judged on the other half.
With --limit the exit code is 1 if a bound is missed.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import numpy as np

from agree.cases import cases, points
from attacks.exercises import made
from cheats import climb, rows, texts, twins
from cheats.desk import Desk, scored
from grader.files import sha256
from grader.ingest.published import published_from_key
from grader.keyring import Keyring, LoadedKey
from grader.match.corpus import load

ROOT = Path(__file__).parents[1]
MOST, CLIMBED, LOSS = 15.0, 20.0, 1.0


def desks(count: int) -> list[Desk]:
    """Return so many exercises, those of the bank first."""
    ring = Keyring(ROOT / "answer_keys")
    keys = [ring.get(path.stem) for path in sorted((ROOT / "answer_keys").glob("*.json"))]
    for number in range(max(0, count - len(keys))):
        key = made(70_000 + number).key
        keys.append(LoadedKey(key, sha256(key.canonical()), published_from_key(key)))
    remarks = load()
    return [Desk(key, remarks, n) for n, key in enumerate(keys[:count])]


class Told:
    """What one attack earned over all exercises, in the unit of its row."""

    def __init__(self, row: rows.Row, found: Sequence[Desk]) -> None:
        pairs = [(desk.key, review) for desk in found for review in row.reviews(desk)]
        told = scored(pairs)
        self.row, self.runs = row, len(told)
        if row.measure == "flaw":
            self.values = [one.best for one in told]
        elif row.measure == "change":
            twos = zip(told[::2], told[1::2], strict=True)
            self.values = [trick.points - plain.points for plain, trick in twos]
        else:
            self.values = [one.points for one in told]

    @property
    def worst(self) -> float:
        """The most it earned."""
        return max(self.values)

    @property
    def holds(self) -> bool:
        """Whether it keeps its bound."""
        return self.worst <= self.row.most


def attacks(found: Sequence[Desk]) -> bool:
    """Print the table of attacks; tell whether all bounds hold."""
    told = [Told(row, found) for row in rows.ROWS]
    print(f"{'attack':50}{'unit':>8}{'runs':>6}{'mean':>8}{'worst':>8}{'bound':>7}")
    for one in told:
        row = one.row
        mark = "" if one.holds else "  MISSED"
        print(f"{row.number:2} {row.name:47}{row.measure:>8}{one.runs:6}"
              f"{mean(one.values):8.1f}{one.worst:8.1f}{row.most:7g}{mark}")  # fmt: skip
    for number, why in rows.ELSEWHERE.items():
        print(f"{number:2} {why}")
    most = max(one.worst for one in told if one.row.measure == "points")
    weak = tenth_percentile()
    print(f"{sum(one.runs for one in told)} attack runs; the most that one earned {most:.1f} "
          f"points (bound {MOST:g}), the 10th percentile of honest reviews {weak:.1f}")  # fmt: skip
    return all(one.holds for one in told) and most <= min(MOST, weak)


def tenth_percentile() -> float:
    """Return what the weakest tenth of the honest reviews reach at most, of all levels of skill."""
    found = [*cases("dev"), *cases("test")]
    return float(np.percentile([points(case, None) for case in found], 10))


def losses(found: Sequence[Desk]) -> bool:
    """Print what each twin loses; tell whether none loses more than a point."""
    print(f"\n{'honest twin':50}{'pairs':>7}{'mean':>8}{'worst':>8}{'> 1 point':>11}")
    runs, fine = 0, True
    for twin in twins.TWINS:
        both = [(desk, *pair) for desk in found for pair in twin.pairs(desk)]
        honest = scored([(desk.key, plain) for desk, plain, _ in both])
        told = scored([(desk.key, like) for desk, _, like in both])
        lost = [a.found - b.found for a, b in zip(honest, told, strict=True)]
        over = sum(value > LOSS for value in lost)
        runs += len(lost)
        fine = fine and not over
        print(f"{twin.number:2} {twin.name:47}{len(lost):7}{mean(lost):8.2f}{max(lost):8.1f}"
              f"{over:11}")  # fmt: skip
    print(f"{runs} twins")
    return fine


def climber(found: Sequence[Desk], queries: int) -> bool:
    """Print what the climber reaches on its own exercises and on fresh ones."""
    phrases = [
        *texts.REMARKS,
        *texts.LIST,
        *sorted({r.text for r in found[0].remarks if r.asserts}),
    ]
    own, fresh = found[::2], found[1::2]
    policy, there = climb.climb(own, phrases, queries)
    told = scored([(desk.key, climb.review(policy, desk)) for desk in fresh])
    values = [one.points for one in told]
    print(f"\nclimber: {queries} queries on {len(own)} exercises, {len(policy)} comments: mean "
          f"{there:.1f} there, {mean(values):.1f} on {len(fresh)} fresh ones, worst "
          f"{max(values):.1f} (bound {CLIMBED:g} of the mean)")  # fmt: skip
    return mean(values) <= CLIMBED


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exercises", type=int, default=40)
    parser.add_argument("--queries", type=int, default=5_000)
    parser.add_argument("--limit", action="store_true")
    given = parser.parse_args()
    found = desks(given.exercises)
    held = [attacks(found), losses(found)]
    if given.queries:
        held.append(climber(found, given.queries))
    return 1 if given.limit and not all(held) else 0


if __name__ == "__main__":
    sys.exit(main())
