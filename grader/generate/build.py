"""From a sown and messed program to the published files and the answer key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import version

from grader.files import sha256
from grader.generate.lines import lines_of, statement_lines
from grader.generate.notebook import build_notebook, cell_lines
from grader.generate.sow import Bed, Sown
from grader.records.base import Lines
from grader.records.exercise import Exercise, PublishedFile
from grader.records.key import (
    AnswerKey,
    BlueprintMark,
    Cell,
    Claim,
    KeyDecoy,
    KeyItem,
    Level,
    Place,
    Versions,
)
from grader.spans import Span, merge, split_lines
from grader.stream import Stream
from seeded_bugs.contract import Landmark, Proof, SeededBug, SeededDecoy
from seeded_bugs.syntax.shapes import landmark_nodes
from seeded_bugs.syntax.tree import tree_of
from seeded_bugs.syntax.whole import parse


@dataclass(frozen=True)
class Made:
    """An exercise in memory: every published file by name, its record, its key, its clean twin.

    ``clean`` is the program before anything was sown; it is never published.
    """

    exercise: Exercise
    files: dict[str, bytes]
    key: AnswerKey
    clean: str


@dataclass(frozen=True)
class Order:
    """What is the same for all files of one exercise.

    ``secret`` is this exercise's own; ``beside`` are the files beside the program, by name, with
    its data; ``run`` are the arguments that the program is started with; ``mark`` is None for a
    form that keeps no blueprint.
    """

    id: str
    title: str
    scenario: str
    level: Level
    mark: BlueprintMark | None
    minutes: int
    formats: tuple[str, ...]
    secret: bytes
    secret_kind: str
    brief: str
    run: tuple[str, ...]
    beside: Mapping[str, bytes]
    clean: str


def with_landmarks(bed: Bed, kinds: Mapping[str, SeededBug]) -> Bed:
    """Return the bed with the other acceptable places of each flaw found in its text."""
    tree = tree_of(parse(bed.text))
    lines = statement_lines(tree)

    def spans(landmark: Landmark) -> list[Span]:
        return [lines_of(tree, lines, node) for node in landmark_nodes(tree, landmark)]

    flaws = []
    for sown in bed.flaws:
        wanted = kinds[sown.name].entry.elsewhere
        found = merge([span for landmark in wanted for span in spans(landmark)])
        flaws.append(Sown(sown.name, sown.main, sown.trace, tuple(found)))
    return Bed(bed.text, tuple(flaws), bed.decoys)


def build(
    bed: Bed,
    order: Order,
    kinds: Mapping[str, SeededBug],
    decoys: Mapping[str, SeededDecoy],
) -> Made:
    """Write the published files and the key of one exercise."""
    stream = Stream(order.secret, "build").child("notebook")
    program = bed.text.encode()
    files = {**order.beside, "brief.md": _brief(order).encode()}
    cells: tuple[Cell, ...] = ()
    if "script" in order.formats:
        files["program.py"] = program
    if "notebook" in order.formats:
        book = build_notebook(bed.text, order.title, order.run, order.id, stream)
        files["program.ipynb"], cells = book.data, book.cells
    exercise = _manifest(order, files)
    files["exercise.json"] = exercise.canonical()
    lines = split_lines(bed.text)
    key = AnswerKey(
        exercise=order.id,
        title=order.title,
        scenario=order.scenario,
        level=order.level,
        secret=order.secret.hex(),
        secret_kind=order.secret_kind,  # type: ignore[arg-type]
        versions=Versions(
            grader=version("ml-review-grader"),
            **{name: version(name) for name in ("libcst", "black", "numpy", "pandas")},
        ),
        exercise_sha256=sha256(files["exercise.json"]),
        program_sha256=sha256(program),
        program=bed.text,
        cells=cells,
        items=_items(bed, kinds, cells, lines),
        decoys=_decoys(bed, decoys, cells, lines),
        blueprint=order.mark,
    )
    return Made(exercise, files, key, order.clean)


def _brief(order: Order) -> str:
    """Return the scenario's brief, with how to hand in a review of this exercise."""
    hand_in = resources.files("grader.generate").joinpath("hand_in.md").read_text("utf-8")
    text = order.brief.rstrip() + "\n" + hand_in
    return text.replace("{minutes}", str(order.minutes)).replace("{exercise}", order.id)


def _manifest(order: Order, files: Mapping[str, bytes]) -> Exercise:
    return Exercise(
        id=order.id,
        title=order.title,
        minutes=order.minutes,
        files=tuple(
            PublishedFile(name=name, sha256=sha256(files[name]), bytes=len(files[name]))
            for name in sorted(files)
        ),
    )


def _items(
    bed: Bed, kinds: Mapping[str, SeededBug], cells: Sequence[Cell], lines: Sequence[str]
) -> tuple[KeyItem, ...]:
    items = []
    for number, sown in enumerate(sorted(bed.flaws, key=lambda s: s.main), 1):
        bug = kinds[sown.name]
        entry = bug.entry
        items.append(
            KeyItem(
                id=f"F{number}",
                kind=entry.name,
                kind_id=entry.id,
                category=entry.category,
                severity=entry.severity,
                anchor=entry.anchor,
                title=entry.title,
                places=_places(sown, cells, lines),
                wrong=entry.wrong,
                harm=entry.harm,
                fix=entry.fix,
                said_well=entry.said_well,
                near_misses=entry.near_misses,
                identifiers=entry.identifiers,
                proof=_claim(bug.proof),
                apart=sown.apart,
            )
        )
    return tuple(items)


def _decoys(
    bed: Bed, decoys: Mapping[str, SeededDecoy], cells: Sequence[Cell], lines: Sequence[str]
) -> tuple[KeyDecoy, ...]:
    found = []
    for number, sown in enumerate(sorted(bed.decoys, key=lambda s: s.main), 1):
        decoy = decoys[sown.name]
        entry = decoy.entry
        found.append(
            KeyDecoy(
                id=f"D{number}",
                kind=entry.name,
                kind_id=entry.id,
                looks_like=entry.looks_like,
                title=entry.title,
                places=_places(sown, cells, lines),
                sound_because=entry.sound_because,
                said_badly=entry.said_badly,
                proof=_claim(decoy.refutes),
            )
        )
    return tuple(found)


def _claim(proof: Proof) -> Claim:
    """Return a proof as the key states it before anything was run."""
    return Claim(oracle=proof.oracle, claim=proof.claim, shows=proof.shows, also=proof.also)


def _places(sown: Sown, cells: Sequence[Cell], lines: Sequence[str]) -> tuple[Place, ...]:
    roles = [("main", s) for s in sown.main] + [("trace", s) for s in sown.trace]
    taken = {span for _, span in roles}
    roles += [("landmark", s) for s in sown.elsewhere if s not in taken]
    return tuple(
        Place(
            role=role,  # type: ignore[arg-type]
            lines=Lines(start=span.start, end=span.end),
            cells=cell_lines(span, cells),
            snippet="\n".join(lines[span.start - 1 : span.end]),
        )
        for role, span in roles
    )
