"""Prints whether anything gives the answer key away: what each attack got, beside its bound.

Usage: python benchmarks/secrecy.py [--exercises N] [--quick] [--cache FILE]

The attacks on program text need many exercises; with --cache they are kept in a file, and a longer
run goes on from there. Exit code 1 if an attack gets more than its bound.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from attacks import blind, linter, memory, pairs, rebuild, residue, seeds, source, surface, swap
from attacks.exercises import Target, made, targets
from attacks.reader import readings
from attacks.score import Tally, tally, total
from grader.bank import demo_secret, fresh_secret, publish, tracked_by_git
from grader.commitment import commitment
from grader.files import sha256
from grader.stream import derive

FORMATS = ("script", "notebook")
MARGIN = 0.10
AREA = 0.55
POINTS = 10.0


@dataclass(frozen=True)
class Figure:
    """What an attack got, the most that it may get, and what else is worth knowing."""

    name: str
    value: float
    bound: float
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the figure keeps its bound."""
        return self.value <= self.bound


@dataclass(frozen=True)
class Size:
    """How much is tried."""

    exercises: int
    seeds: int
    fresh: int
    ways: int
    sown: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exercises", type=int, default=120, help="programs to attack")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything else")
    parser.add_argument("--cache", type=Path, help="keep the programs and their keys here")
    arguments = parser.parse_args()
    size = Size(arguments.exercises, 1_000_000, 13, 30, 2)
    if arguments.quick:
        size = Size(arguments.exercises, 100_000, 3, 10, 1)
    print(f"{'attack':60}{'figure':>10}{'bound':>10}  ", flush=True)
    failed = 0
    with tempfile.TemporaryDirectory() as room:
        cache = arguments.cache or Path(room) / "exercises.jsonl"
        for part in (cheap(size, Path(room)), on_text(size, cache)):
            for figure in part:
                failed += not figure.holds
                mark = "pass" if figure.holds else "FAIL"
                row = f"{figure.name:60}{figure.value:10.3f}{figure.bound:10.3f}  {mark}"
                print(f"{row}  {figure.note}", flush=True)
    return 1 if failed else 0


def cheap(size: Size, room: Path) -> Iterator[Figure]:
    """Yield what needs few exercises: seeds, bytes, builds, keys."""
    yield seed_search(size.seeds)
    fresh = [made(number, FORMATS) for number in range(size.fresh)]
    finds = [f for m in fresh for f in residue.residue(m, residue.clean_texts(m.key.scenario))]
    yield Figure("residue in published bytes, finds", len(finds), 0, "; ".join(finds[:3]))
    unlike = rebuild.unlike(range(min(size.fresh, 4)))
    yield Figure("builds that differ elsewhere", len(unlike), 0, "; ".join(unlike[:2]))
    seen = swap.differences(fresh[0], fresh[1], room / "swap")
    yield Figure("bytes that tell two keys apart, files and answers", len(seen), 0, str(seen[:3]))
    hashes = {t.encode() for m in fresh for t in (sha256(m.key.canonical()), commitment(m.key))}
    told = sum(h in data for m in fresh for data in m.files.values() for h in hashes)
    yield Figure("hashes of keys in published bytes", told, 0)
    publish(fresh[0], room / "out" / "exercises", room / "out" / "keys")
    modes = [path.stat().st_mode & 0o077 for path in (room / "out" / "keys").iterdir()]
    yield Figure("keys that others may read", sum(map(bool, modes)), 0)
    yield Figure("key folders in git, unnoticed", unnoticed(room / "git"), 0)


def seed_search(count: int) -> Figure:
    """Search short seeds for a fresh exercise, and for one that has such a seed."""
    known = seeds.public_id(derive(demo_secret(count - 1).value, "exercise/0/0"))
    assert seeds.seeds_of(known, range(count - 9, count)) == [count - 1], "it finds what is there"
    fresh = seeds.public_id(derive(fresh_secret().value, "exercise/0/0"))
    found = len(seeds.seeds_of(fresh, range(count)))
    ways = len(seeds.SECRETS) * (1 + len(seeds.LABELS))
    return Figure("short seeds equal to a fresh secret", found, 0, f"{count} seeds, {ways} ways")


def unnoticed(room: Path) -> int:
    """Return how many ways of a key into a git repository draw no warning."""

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(room), *arguments], check=True, capture_output=True)

    keys = room / "keys"
    keys.mkdir(parents=True)
    git("init", "-q")
    missed = 0 if tracked_by_git(keys) else 1
    (room / ".gitignore").write_text("keys/\n")
    assert not tracked_by_git(keys), "an ignored folder draws no warning"
    (keys / "a.json").write_text("{}")
    git("add", "-f", "keys/a.json")
    return missed + (0 if tracked_by_git(keys) else 1)


def on_text(size: Size, cache: Path) -> Iterator[Figure]:
    """Yield what is found in many program texts."""
    known = list(targets(size.exercises, cache))
    public = scored(known, lambda t: linter.guesses(t.program))
    yield Figure(
        "linter of public rules, F1 of flaws", public.f1, 1, f"of lines {public.line_f1:.3f}"
    )
    seen = [target for target in known if blind.is_known(target)]
    best = max((scored(seen, by(a)) for a in blind.AUTHORS), key=lambda t: t.f1) if seen else public
    note = f"of lines {best.line_f1:.3f}; {len(seen)} exercises, {len(blind.AUTHORS)} authors"
    yield Figure("blind linter, F1 of flaws", best.f1, 1, note)
    taught = {id(target): memory.remembered(target) for target in known}
    for name, attack in (
        ("attacker with the source", lambda t: source.guesses(t, size.ways, size.sown)),
        (
            "the same, scenario private",
            lambda t: source.guesses_from_others(t, size.ways, size.sown),
        ),
        ("attacker with own exercises", lambda t: recall(t, known, taught)),
    ):
        each = [(target, tally(target, attack(target))) for target in known]
        like = total(one for target, one in each if not seen or blind.is_known(target))
        whole = total(one for _, one in each).f1
        yield beside(name, like, best, note=f", on all {len(each)} exercises {whole:.3f}")
    yield from beside_reader(size)
    rows = surface.sample(known)
    note = f"+- {surface.half_width(rows):.3f}, {int(rows.flawed.sum())} flawed statements"
    layout, every = (surface.auc(rows, c) for c in (slice(surface.LAYOUT), slice(None)))
    yield Figure("layout classifier, area under the curve", layout, AREA, note)
    yield Figure("the same with length, tokens and depth", every, 1, "content: read by anyone")
    lines, shapes = pairs.gains(known)
    yield Figure("changed lines beside base rate, points", lines, POINTS)
    yield Figure("changed statements beside base rate, points", shapes, POINTS)


def beside_reader(size: Size) -> Iterator[Figure]:
    """Yield how the source serves an attacker beside what a reader without it finds."""
    read = readings()
    if not read:
        return
    flagged = total(tally(target, guesses) for target, guesses in read)
    informed = scored([t for t, _ in read], lambda t: source.guesses(t, size.ways, size.sown))
    note = f"of lines {flagged.line_f1:.3f}; {len(read)} exercises, of the bank and fresh"
    yield Figure("blind reader, F1 of flaws", flagged.f1, 1, note)
    yield beside("attacker with the source", informed, flagged, "reader")


def scored(known: list[Target], guess: Callable[[Target], list[tuple[int, int]]]) -> Tally:
    """Return how an attack fares on all programs."""
    return total(tally(target, guess(target)) for target in known)


def by(author: str) -> Callable[[Target], list[tuple[int, int]]]:
    """Return what the linter of a blind author flags."""
    return lambda target: blind.guesses(target, author)


def recall(
    target: Target, known: list[Target], taught: dict[int, memory.Memory]
) -> list[tuple[int, int]]:
    """Return the guesses from all other exercises of the scenario."""
    others = [taught[id(t)] for t in known if t is not target and t.scenario == target.scenario]
    return memory.guesses(target, others)


def beside(
    name: str, attack: Tally, other: Tally, whom: str = "blind linter", note: str = ""
) -> Figure:
    """Return the better of an attack's gains over who knows nothing, by flaws or by lines."""
    gain = max(attack.f1 - other.f1, attack.line_f1 - other.line_f1)
    told = f"F1 of flaws {attack.f1:.3f}, of lines {attack.line_f1:.3f}{note}"
    return Figure(f"{name}, F1 above the {whom}'s", gain, MARGIN, told)


if __name__ == "__main__":
    sys.exit(main())
