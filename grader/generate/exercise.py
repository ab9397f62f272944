"""One exercise from a secret and a wish: vary, plan, sow, mess, build."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from grader import catalog
from grader.errors import PlanError
from grader.generate.blueprint import Blueprint, blueprint_of
from grader.generate.build import Made, Order, build, with_landmarks
from grader.generate.fill import Filler
from grader.generate.kept import kept
from grader.generate.mess.mess import laid_out, mess
from grader.generate.plan import plan
from grader.generate.prospects import Prospects, prospects_of
from grader.generate.sow import Bed
from grader.generate.vary.vary import varied
from grader.pause import collector_paused
from grader.records.key import Level
from grader.records.scenario import Scenario
from grader.scenarios.library import ScenarioFolder, scenario, scenario_names
from grader.stream import Stream
from seeded_bugs.contract import SeededBug, SeededDecoy
from seeded_bugs.syntax.whole import parse

ANY = "any"
ATTEMPTS = 8


@dataclass(frozen=True)
class Wish:
    """What is asked for.

    ``formats`` holds "script", "notebook" or both; empty: the scenario's own, which is the script,
    or both where the script is the export of a notebook.

    ``blueprint`` stands in the place of that of the ``level``.
    """

    scenario: str = ANY
    level: Level = "mid"
    formats: tuple[str, ...] = ()
    minutes: int = 45
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    blueprint: Blueprint | None = None


@collector_paused()
def make_exercise(secret: bytes, secret_kind: str, wish: Wish) -> Made:
    """Make an exercise in memory; the same secret and wish give the same bytes.

    Args:
        secret: this exercise's own secret, 32 bytes.
        secret_kind: ``fresh``, ``file`` or ``demo``, noted in the key.

    Raises:
        PlanError: if the wish cannot be met.
        ScenarioError: if the scenario is unknown.
        CatalogError: if an included or excluded kind is unknown.
    """
    stream = Stream(secret, "exercise")
    public_id = f"{stream.child('id').name(10)}"
    include = tuple(catalog.bug(name).entry.name for name in wish.include)
    exclude = tuple(catalog.bug(name).entry.name for name in wish.exclude)
    folder = _choose_scenario(stream.child("scenario"), wish.scenario, include)
    blueprint = wish.blueprint or blueprint_of(wish.level)
    clean = clean_twin(secret, folder, include)
    # A kind whose proof no oracle can run yet is sown only when it is asked for by name.
    unproved = (n for n, b in catalog.bugs().items() if not b.proof.shows and n not in include)
    left_out = (*exclude, *unproved, *folder.facts.refuses)
    bed = _form(stream, clean, blueprint, include, left_out)
    data_name = f"data/{folder.facts.data_file}"
    order = Order(
        id=public_id,
        title=folder.facts.title,
        scenario=folder.facts.name,
        level=blueprint.level,
        mark=blueprint.mark,
        minutes=wish.minutes,
        formats=wish.formats or own_formats(folder.facts),
        secret=secret,
        secret_kind=secret_kind,
        brief=folder.brief,
        run=("train", "--data", data_name, "--out", "out", "--seed", "7"),
        beside={**folder.beside, data_name: _sample(folder, stream.child("data"))},
        clean=clean,
    )
    return build(bed, order, catalog.bugs(), catalog.decoys())


def _form(
    stream: Stream,
    clean: str,
    blueprint: Blueprint,
    include: Sequence[str],
    exclude: Sequence[str],
) -> Bed:
    """Return a finished program that keeps the blueprint, drawn again when a draw does not."""
    kinds, decoys = catalog.bugs(), catalog.decoys()
    prospects = _prospects(clean, blueprint.reach.apart)
    for attempt in range(ATTEMPTS):
        part = stream.child(f"attempt/{attempt}")
        try:
            drawn = plan(part.child("plan"), blueprint, prospects, kinds, include, exclude)
            bed = Filler(Bed(clean), kinds, decoys, part.child("sow")).fill(drawn)
            bed = with_landmarks(bed, kinds)
            bed = mess(bed, part.child("mess"), blueprint.mess.look, blueprint.mess.shorten)
            return kept(bed, blueprint, kinds)
        except PlanError as error:
            # Kinds drawn together may leave no room for others, and mess may move a flaw's ends
            # across the limit; another draw does.
            last = error
    raise PlanError(f"no draw of {ATTEMPTS} kept its blueprint; the last: {last}")


def own_formats(facts: Scenario) -> tuple[str, ...]:
    """Return the forms in which a scenario is published when none is asked for."""
    return ("script", "notebook") if facts.notebook_first else ("script",)


def clean_twin(secret: bytes, folder: ScenarioFolder, kinds: Collection[str]) -> str:
    """Return the program that an exercise of this secret is sown into: the scenario's, varied.

    Args:
        kinds: the kinds that it must take, as not every way to write a program takes every kind.
            All kinds of the finished key give the same program as those that were asked for: the
            program that was sown takes them all, and an earlier one, left because it lacks one
            that was asked for, lacks one of the key.
    """
    stream, program = Stream(secret, "exercise/vary"), folder.program
    for attempt in range(ATTEMPTS):
        program = varied(folder.program, folder.variants, stream.child(f"attempt/{attempt}"))
        module = parse(program)
        if all(any(True for _ in catalog.bug(name).find(module)) for name in kinds):
            break
    return program


def fitting_kinds(program: str) -> dict[str, SeededBug]:
    """Return the kinds of flaw that offer a site in a program."""
    module = parse(program)
    return {n: b for n, b in catalog.bugs().items() if any(True for _ in b.find(module))}


def _fitting_decoys(program: str) -> dict[str, SeededDecoy]:
    module = parse(program)
    return {n: d for n, d in catalog.decoys().items() if any(True for _ in d.find(module))}


@lru_cache(maxsize=32)
def fitting(name: str) -> tuple[str, ...]:
    """Return the kinds of flaw that a scenario's clean program takes as it stands.

    They offer a site in it, and the scenario does not refuse them.
    """
    folder = scenario(name)
    return tuple(k for k in fitting_kinds(folder.program) if k not in folder.facts.refuses)


@lru_cache(maxsize=64)
def _prospects(clean: str, apart: int) -> Prospects:
    """Return what could be sown into a clean program."""
    return prospects_of(parse(clean), catalog.bugs(), catalog.decoys(), apart)


@lru_cache(maxsize=32)
def fitting_decoys(name: str) -> tuple[str, ...]:
    """Return the decoys that offer a site in a scenario's clean program as it stands."""
    return tuple(_fitting_decoys(scenario(name).program))


def sown_alone(program: str, bug: SeededBug | SeededDecoy, site: int = 0) -> Bed:
    """Return a program with one flaw at one of its sites, laid out and not messed up."""
    from grader.generate.sow import sow_site

    module = parse(program)
    result = sow_site(Bed(program), bug.entry.name, module, list(bug.find(module))[site])
    assert result is not None, "an empty bed refuses nothing"
    bed, sown = result
    return laid_out(Bed(bed.text, (sown,)))


def _choose_scenario(stream: Stream, wanted: str, include: tuple[str, ...]) -> ScenarioFolder:
    if wanted != ANY:
        folder = scenario(wanted)
        refused = [f"{k}: {why}" for k, why in folder.facts.refuses.items() if k in include]
        if refused:
            raise PlanError(f"{wanted} does not take {'; '.join(refused)}; choose another kind")
        return folder
    names = scenario_names()
    fit = [n for n in names if set(include) <= set(fitting(n))] if include else names
    return scenario(stream.choice(fit or names))


def _sample(folder: ScenarioFolder, stream: Stream) -> bytes:
    """Return the sample of data that the exercise ships, as CSV."""
    frame = folder.make(stream.below(2**31), folder.facts.sample_rows)
    return frame.to_csv(index=False, lineterminator="\n").encode()
