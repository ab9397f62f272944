"""Proves the matrix: each kind of flaw and each decoy, sown alone into each scenario that takes it.

Usage: python benchmarks/matrix.py [--scenario NAME]... [--kind NAME]... [--log FILE]
       python benchmarks/matrix.py --pairs 40 --secrets 20
Prints the counts, every pair that did not hold, and why the other pairs are not supported. With
--pairs that many pairs, drawn from all, are proved on the data of several fresh secrets. What
stands in the log is not run again. Exit code 1 if a pair did not hold (with --secrets, in more
than one of 20).
"""

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

from grader import catalog
from grader.errors import GraderError
from grader.generate.exercise import fitting, fitting_decoys
from grader.prove.runner import Runner
from grader.proving import prove_alone, scenario_trial
from grader.scenarios.library import scenario, scenario_names
from grader.stream import Stream, derive
from seeded_bugs.contract import SeededBug, SeededDecoy

MOST_MISSED = 1 / 20


@dataclass(frozen=True)
class Pair:
    """One kind in one scenario, on the data of one secret (by its number)."""

    scenario: str
    kind: str
    secret: int = 0


@dataclass(frozen=True)
class Shown:
    """What the proof of a pair gave."""

    scenario: str
    kind: str
    secret: int
    confirmed: bool
    clean: str
    seeded: str


def pairs(scenarios: Iterable[str], kinds: Iterable[str]) -> list[Pair]:
    """Return the supported pairs of these scenarios and kinds (all kinds, if none is named)."""
    wanted = set(kinds)
    return [
        Pair(name, kind)
        for name in scenarios
        for kind in (*fitting(name), *fitting_decoys(name))
        if not wanted or kind in wanted
    ]


def prove_pairs(batch: list[Pair]) -> list[Shown]:
    """Prove pairs of one scenario and secret, which share the clean program's runs."""
    shelf: dict[str, SeededBug | SeededDecoy] = {**catalog.bugs(), **catalog.decoys()}
    shown = []
    with Runner(2) as runner:
        secret = derive(b"benchmark of the matrix", str(batch[0].secret))
        twin = scenario_trial(batch[0].scenario, secret, runner)
        for pair in batch:
            try:
                verdict = prove_alone(shelf[pair.kind], twin, runner)
                said = (verdict.confirmed, verdict.clean, verdict.seeded)
            except GraderError as error:
                said = (False, "", str(error))
            shown.append(Shown(**asdict(pair), confirmed=said[0], clean=said[1], seeded=said[2]))
    return shown


def batches(wanted: Iterable[Pair], size: int) -> list[list[Pair]]:
    """Return the pairs in batches of one scenario and one secret."""
    together: defaultdict[tuple[str, int], list[Pair]] = defaultdict(list)
    for pair in wanted:
        together[pair.scenario, pair.secret].append(pair)
    return [rows[n : n + size] for rows in together.values() for n in range(0, len(rows), size)]


def proved(wanted: list[Pair], jobs: int, log: Path | None) -> Iterator[Shown]:
    """Yield the verdicts as they come, those of the log first."""
    done = [Shown(**json.loads(line)) for line in log.open()] if log and log.exists() else []
    known = {(one.scenario, one.kind, one.secret): one for one in done}
    asked = {(pair.scenario, pair.kind, pair.secret) for pair in wanted}
    yield from (one for key, one in known.items() if key in asked)
    left = [p for p in wanted if (p.scenario, p.kind, p.secret) not in known]
    with ProcessPoolExecutor(jobs) as pool:
        running = [pool.submit(prove_pairs, batch) for batch in batches(left, 24)]
        for future in as_completed(running):
            for one in future.result():
                if log:
                    with log.open("a") as file:
                        file.write(json.dumps(asdict(one)) + "\n")
                yield one


def unsupported() -> list[tuple[str, str, str]]:
    """Return (scenario, kind, reason) of the pairs that are not in the matrix."""
    shelf: dict[str, SeededBug | SeededDecoy] = {**catalog.bugs(), **catalog.decoys()}
    return [
        (
            name,
            kind,
            scenario(name).facts.refuses.get(kind)
            or "; ".join(r.because for r in bug.refuses)
            or "no such code to change",
        )
        for name in scenario_names()
        for kind, bug in shelf.items()
        if kind not in fitting(name) and kind not in fitting_decoys(name)
    ]


def report(shown: list[Shown], repeats: int) -> bool:
    """Print the counts; return whether all pairs held often enough."""
    decoys = catalog.decoys()
    print(f"{'scenario':24}{'flaws shown':>14}{'decoys sound':>14}{'not supported':>15}")
    refused = unsupported()
    for name in scenario_names():
        here = [one for one in shown if one.scenario == name]
        cells = [
            f"{sum(one.confirmed for one in part)} of {len(part)}"
            for part in (
                [one for one in here if one.kind not in decoys],
                [one for one in here if one.kind in decoys],
            )
        ]
        count = sum(row[0] == name for row in refused)
        print(f"{name:24}{cells[0]:>14}{cells[1]:>14}{count:>15}")
    missed = Counter((o.scenario, o.kind) for o in shown if not o.confirmed)
    held = sum(one.confirmed for one in shown)
    print(f"{held} of {len(shown)} held; {len(missed)} pairs with a miss")
    for one in shown:
        if not one.confirmed:
            print(f"  {one.scenario} {one.kind} (secret {one.secret}): clean: {one.clean[:150]}")
            print(f"    seeded: {one.seeded[:250]}")
    return all(count / repeats <= (MOST_MISSED if repeats > 1 else 0) for count in missed.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", action="append", choices=scenario_names(), default=[])
    parser.add_argument("--kind", action="append", default=[])
    parser.add_argument("--pairs", type=int, help="that many pairs, drawn from all")
    parser.add_argument("--secrets", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--log", type=Path, help="where verdicts are kept, a line each")
    parser.add_argument("--reasons", action="store_true", help="print each unsupported pair")
    args = parser.parse_args()
    wanted = pairs(args.scenario or scenario_names(), args.kind)
    if args.pairs:
        stream = Stream(derive(b"benchmark of the matrix", "pairs"), "pairs")
        wanted = stream.sample(wanted, args.pairs)
    wanted = [Pair(p.scenario, p.kind, n) for p in wanted for n in range(args.secrets)]
    shown = list(proved(wanted, args.jobs, args.log))
    fine = report(shown, args.secrets)
    if args.reasons:
        for name, kind, reason in unsupported():
            print(f"not supported: {kind} in {name}: {reason}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
