"""A form sown into a program that is not ours: as much of a blueprint as fits.

No such program is varied, and none has room for every count of a blueprint. So the least of each
count gives way: first to what fits by itself, then altogether; the most never does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.errors import PlanError
from grader.generate.blueprint import MOST, Blueprint, Group
from grader.generate.build import with_landmarks
from grader.generate.fill import Filler
from grader.generate.kept import departures, form_of, kept
from grader.generate.mess.mess import mess
from grader.generate.plan import plan
from grader.generate.prospects import Prospects, prospects_of
from grader.generate.sow import Bed
from grader.pause import collector_paused
from grader.stream import Stream
from seeded_bugs.contract import SeededBug, SeededDecoy, Seeder
from seeded_bugs.syntax.whole import parse
from seeded_bugs.words import SEVERITIES, Severity

Count = tuple[int, int]
LEAST = 3
"""A review of fewer flaws says nothing about a person."""
ATTEMPTS = 8


@dataclass(frozen=True)
class Ground:
    """A clean program of a team, and the kinds that offer a site in it.

    ``stumbled`` says of each kind that failed on the program how; it is told, as it is a fault
    of the kind.
    """

    text: str
    kinds: Mapping[str, SeededBug]
    decoys: Mapping[str, SeededDecoy]
    stumbled: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drawn:
    """A finished program, and which counts of the blueprint it does not keep, in sentences."""

    bed: Bed
    unmet: tuple[str, ...]


def ground_of(
    text: str, kinds: Mapping[str, SeededBug], decoys: Mapping[str, SeededDecoy]
) -> Ground:
    """Return what can be sown into a program.

    A seeder was written for programs of a known shape. One that stumbles over another shape is
    left out: it has found no site.
    """
    module = parse(text)
    stumbled: list[str] = []

    def offers(name: str, find: Seeder) -> bool:
        try:
            return bool(list(find(module)))
        except Exception as error:
            stumbled.append(f"{name}: its seeder failed ({type(error).__name__}: {error})")
            return False

    return Ground(
        text,
        {name: bug for name, bug in kinds.items() if offers(name, bug.find)},
        {name: decoy for name, decoy in decoys.items() if offers(name, decoy.find)},
        tuple(stumbled),
    )


@collector_paused()
def draw(
    stream: Stream,
    ground: Ground,
    blueprint: Blueprint,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Drawn:
    """Return the program with flaws, decoys and mess of a blueprint, as far as they fit.

    Raises:
        PlanError: if not even three flaws can stand together, or an included kind does not fit.
    """
    prospects = prospects_of(parse(ground.text), ground.kinds, ground.decoys, blueprint.reach.apart)
    last = PlanError("nothing was drawn")
    for number, eased in enumerate(_eased(blueprint, prospects, ground.kinds)):
        for attempt in range(ATTEMPTS):
            part = stream.child(f"ease/{number}/{attempt}")
            try:
                bed = _drawn(part, ground, eased, prospects, include, exclude)
            except PlanError as error:
                last = error
                continue
            return Drawn(bed, tuple(departures(form_of(bed, ground.kinds), blueprint)))
    raise PlanError(f"no draw found room for {LEAST} flaws in the program; the last: {last}")


def _drawn(
    stream: Stream,
    ground: Ground,
    eased: Blueprint,
    prospects: Prospects,
    include: Sequence[str],
    exclude: Sequence[str],
) -> Bed:
    kinds = ground.kinds
    planned = plan(stream.child("plan"), eased, prospects, kinds, include, exclude)
    try:
        bed = Filler(Bed(ground.text), kinds, ground.decoys, stream.child("sow")).fill(planned)
        bed = with_landmarks(bed, kinds)
        bed = mess(bed, stream.child("mess"), eased.mess.look, eased.mess.shorten)
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        # What was written for known programs met a shape that it does not know.
        raise PlanError(f"a draw could not be written ({type(error).__name__})") from error
    return kept(bed, eased, kinds)


def _eased(
    blueprint: Blueprint, prospects: Prospects, kinds: Mapping[str, SeededBug]
) -> Iterator[Blueprint]:
    """Yield the blueprint with each least lowered to what fits, then with none but LEAST flaws."""
    flaws = [item for item in prospects.items if item.side]
    names = {item.name for item in flaws}
    decoys = len({item.name for item in prospects.items if not item.side})
    far = len({item.name for item in flaws if item.side == "far"})
    entries = [kinds[name].entry for name in sorted(names)]

    def fit(count: Count, there: int) -> Count:
        return min(count[0], there), count[1]

    severity = {
        s: fit(getattr(blueprint.severity, s), sum(e.severity == s for e in entries))
        for s in SEVERITIES
    }
    groups = []
    for group in blueprint.group:
        own = [entry.severity for entry in entries if entry.category in group.categories]
        counts = {
            "flaws": fit(group.flaws, len(own)),
            "critical": fit(group.critical, own.count("critical")),
        }
        groups.append(group.model_copy(update=counts))
    lowered = _with(
        blueprint,
        flaws=(LEAST, blueprint.flaws[1]),
        decoys=fit(blueprint.decoys, decoys),
        delocalised=fit(blueprint.reach.delocalised, far),
        severity=severity,
        groups=groups,
    )
    yield lowered
    yield _with(
        lowered,
        flaws=lowered.flaws,
        decoys=(0, lowered.decoys[1]),
        delocalised=(0, MOST),
        severity={s: (0, count[1]) for s, count in severity.items()},
        groups=[
            group.model_copy(update={"flaws": (0, group.flaws[1]), "critical": (0, MOST)})
            for group in groups
        ],
    )


def _with(
    blueprint: Blueprint,
    flaws: Count,
    decoys: Count,
    delocalised: Count,
    severity: Mapping[Severity, Count],
    groups: Sequence[Group],
) -> Blueprint:
    return blueprint.model_copy(
        update={
            "flaws": flaws,
            "decoys": decoys,
            "lines": (0, MOST),
            "severity": blueprint.severity.model_copy(
                update={str(name): count for name, count in severity.items()}
            ),
            "reach": blueprint.reach.model_copy(update={"delocalised": delocalised}),
            "group": tuple(groups),
        }
    )
