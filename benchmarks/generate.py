"""Prints what making an exercise costs, beside yardsticks measured in the same run.

Usage: python benchmarks/generate.py [--pairs N] [--proved N] [--limit]
The yardsticks are what a mutation tester does: parse a program, edit it, print it.
With --limit the exit code is 1 if a ratio misses its bound.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from statistics import median

import libcst as cst

from grader import catalog
from grader.bank import demo_secret, make_checked, proof_check
from grader.generate.exercise import Wish, make_exercise
from grader.prove.runner import Call, Runner, Session
from grader.scenarios.library import scenario, scenario_names
from grader.stream import derive

FORMATS = ("script", "notebook")
NUMBERS = count()


@dataclass(frozen=True)
class Ratio:
    """Seconds of the product and of its yardstick, pair by pair, and the bound of the ratio."""

    name: str
    product: list[float]
    yardstick: list[float]
    bound: float

    @property
    def value(self) -> float:
        """The median of the pairs' ratios."""
        return median(p / y for p, y in zip(self.product, self.yardstick, strict=True))


class _Edit(cst.CSTTransformer):
    """What a mutation operator does: one number becomes another, all else is visited."""

    def leave_Integer(self, original_node: cst.Integer, updated_node: cst.Integer) -> cst.Integer:
        return updated_node.with_changes(value=f"{original_node.value}0")


def edit(text: str) -> str:
    """Parse, edit and print a program."""
    return cst.parse_module(text).visit(_Edit()).code


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds that a piece of work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def make(name: str) -> None:
    """Make an exercise that was never made before: script, notebook and key."""
    wish = Wish(scenario=name, formats=FORMATS)
    make_exercise(derive(b"benchmark of making", str(next(NUMBERS))), "demo", wish)


def ten_edits(name: str) -> None:
    """Do what sowing ten flaws one by one costs a mutation tester."""
    text = scenario(name).program
    for _ in range(10):
        edit(text)


def warm(pairs: int) -> Ratio:
    """Measure exercises in a process that has made one of the scenario before."""
    product, yardstick = [], []
    for name in scenario_names():
        make(name)
        edit(scenario(name).program)
    for number in range(pairs):
        name = scenario_names()[number % len(scenario_names())]
        product.append(seconds(lambda name=name: make(name)))  # type: ignore[misc]
        yardstick.append(seconds(lambda name=name: ten_edits(name)))  # type: ignore[misc]
    return Ratio("G1  one exercise, warm / ten edits", product, yardstick, 1.0)


def cold(pairs: int) -> Ratio:
    """Measure the first exercise of a fresh process, imports left out, beside one edit there."""
    product, yardstick = [], []
    for number in range(pairs):
        name = scenario_names()[number % len(scenario_names())]
        command = [sys.executable, __file__, "--first", name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        first, one_edit = map(float, done.stdout.split())
        product.append(first)
        yardstick.append(one_edit)
    return Ratio("G2  one exercise, cold / one edit", product, yardstick, 6.0)


def first(name: str) -> None:
    """Print the seconds of this process's first exercise, and of an edit of the same program."""
    text = scenario(name).program
    # Imports are no part of making, and the catalogue is imported when first asked for.
    catalog.bugs()
    catalog.decoys()
    one_edit = seconds(lambda: edit(text))
    print(seconds(lambda: make(name)), one_edit)


TINY = """
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(int(sys.argv[-1]))
X = rng.normal(size=(200, 4))
print(LogisticRegression().fit(X, X[:, 0] > 0).score(X, X[:, 0] > 0))
"""


def tiny_proofs(pairs: int) -> Ratio:
    """Measure 20 runs in warm children, their start included, beside 20 fresh interpreters."""
    product, yardstick = [], []
    for _ in range(pairs):
        product.append(children_seconds(lambda: warm_runs(20)))
        yardstick.append(children_seconds(lambda: fresh_runs(20)))
    return Ratio("G4  20 tiny proofs / 20 interpreters", product, yardstick, 0.3)


def warm_runs(count: int) -> None:
    """Run the tiny program in a pool of warm children."""
    with Runner(2) as runner:
        sessions = [Session(TINY, {}, (Call((str(n),)),), n % 2) for n in range(count)]
        if any(run.exit_code for runs in runner.run(sessions) for run in runs):
            raise SystemExit("the tiny program does not run")


def fresh_runs(count: int) -> None:
    """Run the tiny program in interpreters of its own, one thread each."""
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    for number in range(count):
        command = [sys.executable, "-c", TINY, str(number)]
        subprocess.run(command, env=os.environ | one_thread, check=True, capture_output=True)


def children_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of a piece of work and of the processes that it started and ended."""

    def spent() -> float:
        return sum(
            usage.ru_utime + usage.ru_stime
            for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        )

    start = spent()
    work()
    return spent() - start


def proved(count: int) -> list[float]:
    """Return the wall seconds of making and proving exercises, those replaced included."""
    walls = []
    with Runner(2) as runner:
        check = proof_check(runner)
        for number in range(count):
            wish = Wish(scenario=scenario_names()[number % len(scenario_names())], level="mid")
            start = time.perf_counter()
            make_checked(demo_secret(number), wish, "benchmark", check)
            walls.append(time.perf_counter() - start)
    return walls


def report(ratios: list[Ratio]) -> bool:
    """Print a table of the ratios; return whether all keep their bounds."""
    print(f"{'':36}{'ratio':>8}{'bound':>8}{'seconds':>10}{'yardstick':>11}{'pairs':>7}")
    for ratio in ratios:
        mark = "" if ratio.value <= ratio.bound else "  OUT"
        print(
            f"{ratio.name:36}{ratio.value:8.2f}{ratio.bound:8.2f}{median(ratio.product):10.3f}"
            f"{median(ratio.yardstick):11.3f}{len(ratio.product):7d}{mark}"
        )
    for word, ratio in zip(("warm", "cold"), ratios, strict=False):
        print(f"exercises per CPU second, {word}, no proof: {1 / median(ratio.product):.2f}")
    return all(ratio.value <= ratio.bound for ratio in ratios)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=9, help="at least five")
    parser.add_argument("--limit", action="store_true", help="exit code 1 if a bound is missed")
    parser.add_argument("--proved", type=int, default=0, help="also prove so many exercises")
    parser.add_argument("--first", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.first:
        first(args.first)
        return 0
    pairs = max(5, args.pairs)
    fine = report([warm(pairs), cold(pairs), tiny_proofs(5)])
    if args.proved:
        walls = proved(args.proved)
        print(
            f"wall seconds a proved exercise, 2 children, those replaced included: median "
            f"{median(walls):.1f}, most {max(walls):.1f}, of {len(walls)}"
        )
    return 0 if fine or not args.limit else 1


if __name__ == "__main__":
    sys.exit(main())
