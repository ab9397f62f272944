"""What a kind of flaw must say about itself, and how it is sown.

A kind is one file that ends in ``BUG = SeededBug(...)``; a decoy is one file in ``decoys/`` that
ends in ``DECOY = SeededDecoy(...)``. The text of the entry is copied into answer keys and read by
candidates' graders, so it is written for a person.

Sowing is two steps. ``find`` walks a module once and describes every site: which nodes would be
replaced by what. ``sow`` carries the edits of one site out, and can be told to stop after the main
ones, so that the lines of the flaw are measured from the text and never declared.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import libcst as cst

from seeded_bugs.syntax.marks import marks_above, marks_first, with_marks
from seeded_bugs.syntax.tree import tree_of
from seeded_bugs.words import Anchor, Category, Severity

Part = Literal["main", "trace", "support"]
Replacement = cst.CSTNode | Sequence[cst.BaseStatement] | None
Landmark = Literal[
    "load", "validate", "split", "pipeline", "fit", "cross-validate", "evaluate", "save", "serve"
]


@dataclass(frozen=True)
class Edit:
    """One node of the tree and what stands there afterwards.

    Args:
        node: a node of the very tree that was searched (identity counts).
        new: another node; a list of statements in place of one statement; None to take the
            statement (or list element, argument, dictionary element) out.
        part: ``main`` is where the flaw is; ``trace`` is a change that belongs to it elsewhere and
            is as good a place to point at; ``support`` (an import) is no place for a comment.
    """

    node: cst.CSTNode
    new: Replacement
    part: Part = "main"


@dataclass(frozen=True)
class Site:
    """One place where a flaw fits. Edits touch different nodes, none inside another."""

    edits: tuple[Edit, ...]

    def __post_init__(self) -> None:
        if not any(edit.part == "main" for edit in self.edits):
            raise ValueError("a site needs at least one main edit")


Seeder = Callable[[cst.Module], Iterable[Site]]


@dataclass(frozen=True)
class Example:
    """A clean text and what the seeder makes of it at its first site (or at ``site``)."""

    clean: str
    seeded: str
    site: int = 0


@dataclass(frozen=True)
class Refusal:
    """A text that offers no site, and why."""

    text: str
    because: str


@dataclass(frozen=True)
class Proof:
    """How running the code shows the flaw: the name of an oracle, and what it must confirm.

    Args:
        oracle: the name of a judgement over runs of the program.
        claim: what it must confirm, in words.
        shows: the aspects that confirm it: one of them must be found at the lines of the flaw (or
            in the program as a whole), and none in the clean program. For a decoy: none of them
            may be found at its lines.
        also: aspects that follow from the flaw elsewhere in the program; one that ends in ``:``
            stands for all that begin with it.
    """

    oracle: str
    claim: str
    shows: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """What a kind of flaw is, in words.

    Args:
        id: stable for ever, ``MLR`` and three digits.
        name: the stem of the file; the mistake as a reviewer would say it.
        title: one line, no full stop.
        anchor: ``span`` for lines that are there, ``region`` for a function or stage, ``absence``
            for what is missing (a file-level comment may then be right).
        wrong: what is wrong in the code; a sentence or two.
        harm: the mechanism and the consequence.
        fix: what to do instead.
        said_well: at least four ways in which good reviewers say it, terse and long, each naming
            the defect; together they name cause, effect and fix.
        near_misses: remarks that sound alike and make another claim.
        identifiers: words of code that a remark on this flaw tends to name.
        elsewhere: other acceptable places, as landmarks of the program.
        conflicts: names of kinds that must not stand in the same program, with MASKS or SAME LINE
            reasons told in the file.
        references: where the claim can be read up.
    """

    id: str
    name: str
    category: Category
    severity: Severity
    anchor: Anchor
    title: str
    wrong: str
    harm: str
    fix: str
    said_well: tuple[str, ...]
    near_misses: tuple[str, ...]
    references: tuple[str, ...]
    identifiers: tuple[str, ...] = ()
    elsewhere: tuple[Landmark, ...] = ()
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class SeededBug:
    """One kind of flaw, whole."""

    entry: Entry
    examples: tuple[Example, ...]
    refuses: tuple[Refusal, ...]
    find: Seeder
    proof: Proof


@dataclass(frozen=True)
class DecoyEntry:
    """What a decoy is: sound code that a shallow reviewer takes for a flaw.

    Args:
        id: stable for ever, ``MLD`` and three digits.
        name: the stem of the file.
        looks_like: the category of the flaw that it is mistaken for.
        title: one line.
        sound_because: why the code is right, in words a grader can read out.
        said_badly: at least three unfounded remarks that it draws.
        excludes: names of kinds of flaw that would make the remark true.
    """

    id: str
    name: str
    looks_like: Category
    title: str
    sound_because: str
    said_badly: tuple[str, ...]
    excludes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SeededDecoy:
    """One kind of decoy, whole; ``refutes`` names the oracle that must stay silent."""

    entry: DecoyEntry
    examples: tuple[Example, ...]
    refuses: tuple[Refusal, ...]
    find: Seeder
    refutes: Proof


def sow(module: cst.Module, site: Site, parts: tuple[Part, ...]) -> cst.Module:
    """Return the module with those edits of the site carried out that belong to ``parts``.

    A pass copies every node it visits, so sow the parts together, each time from the module that
    was searched.

    Raises:
        LookupError: if a node of the site is not in the module.
    """
    edits = {id(edit.node): edit for edit in site.edits if edit.part in parts}
    if not edits:
        return module
    tree = tree_of(module)
    above = {id(node) for edit in site.edits for node in tree.up(edit.node)}
    worker = _Sower(edits, above, {id(line) for line in module.body})
    result = module.visit(worker)
    if worker.left:
        raise LookupError(f"{len(worker.left)} node(s) of the site are not in the module")
    return result


class _Sower(cst.CSTTransformer):
    """Replaces nodes by identity; copies only what is above them.

    In the export of a notebook the marker of a cell stays at the head of its cell.
    """

    def __init__(self, edits: dict[int, Edit], above: set[int], top: set[int]) -> None:
        super().__init__()
        self._edits, self._above, self._top = edits, above, top
        self._marks: list[cst.EmptyLine] = []
        self.left = set(edits)

    def on_visit(self, node: cst.CSTNode) -> bool:
        return id(node) in self._above and id(node) not in self._edits

    def on_leave(  # type: ignore[override]  # libcst types it by node; one rule serves all here
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> cst.CSTNode | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNode]:
        edit = self._edits.get(id(original_node))
        if edit is None:
            return self._headed(original_node, updated_node)
        self.left.discard(id(original_node))
        if not edit.new:
            self._marks = marks_above(original_node) or self._marks
            return cst.RemoveFromParent()
        if isinstance(edit.new, cst.CSTNode):
            return self._headed(original_node, marks_first(original_node, [edit.new])[0])
        first, *others = marks_first(original_node, edit.new)
        return cst.FlattenSentinel([self._headed(original_node, first), *others])

    def _headed(self, old: cst.CSTNode, new: cst.CSTNode) -> cst.CSTNode:
        """Return a statement of the module, below the marker that one above it left behind."""
        if not self._marks or id(old) not in self._top:
            return new
        marks, self._marks = self._marks, []
        return with_marks(marks, new)
