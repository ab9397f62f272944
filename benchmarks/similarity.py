"""Prints how much exercises of one scenario have in common, before and after variation.

Usage: python benchmarks/similarity.py [--count N] [--scenario NAME]

For each scenario N exercises are made (levels mixed) and every two of their programs compared: the
share of token 5-grams, as grader/generate/likeness.py defines it. `unvaried` are the same exercises
from the program as it stands, so with other flaws and other mess only. Exit code 1 if the median
of a scenario is not below the bound.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from itertools import combinations
from unittest.mock import patch

from grader.generate import exercise
from grader.generate.exercise import Wish, make_exercise
from grader.generate.likeness import NEAR_DUPLICATE, grams, share
from grader.generate.vary.vary import varied
from grader.scenarios.library import scenario, scenario_names
from grader.stream import Stream, derive

LEVELS = ("junior", "mid", "senior")
BOUND = 0.6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=12, help="exercises of each scenario")
    parser.add_argument("--scenario", action="append", help="only this one (may be repeated)")
    arguments = parser.parse_args()
    print(f"{'':16}   unvaried          varied                    variation")
    print(f"{'scenario':16} median   max   median   max  > {NEAR_DUPLICATE:.0%}        ms")
    failed = False
    for name in arguments.scenario or scenario_names():
        with patch.object(exercise, "varied", lambda program, *_: program):
            before = shares(name, arguments.count)
        after = shares(name, arguments.count)
        middle = statistics.median(after)
        failed = failed or middle >= BOUND
        near = sum(found > NEAR_DUPLICATE for found in after)
        print(
            f"{name:16}{statistics.median(before):7.1%}{max(before):7.1%}"
            f"{middle:8.1%}{max(after):7.1%}{near:7}{milliseconds(name):11.0f}",
            flush=True,
        )
    return 1 if failed else 0


def shares(name: str, count: int) -> list[float]:
    """Return the share of every two of ``count`` exercises of a scenario."""
    programs = []
    for number in range(count):
        wish = Wish(scenario=name, level=LEVELS[number % 3])  # type: ignore[arg-type]
        secret = derive(b"similarity", f"{name}/{number}")
        programs.append(grams(make_exercise(secret, "demo", wish).key.program))
    return [share(a, b) for a, b in combinations(programs, 2)]


def milliseconds(name: str, count: int = 5) -> float:
    """Return the processor time that varying a program takes, at the median."""
    folder = scenario(name)

    def once(number: int) -> Callable[[], str]:
        stream = Stream(derive(b"similarity", f"time/{number}"), "vary")
        return lambda: varied(folder.program, folder.variants, stream)

    return statistics.median(timed(once(number)) for number in range(count))


def timed(work: Callable[[], str]) -> float:
    """Return how many milliseconds of processor time a piece of work takes."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


if __name__ == "__main__":
    sys.exit(main())
