"""All variations of one program: its alternatives, then one pass that carries out the rest."""

from functools import lru_cache

import libcst as cst

from grader.generate.vary.alternatives import choose
from grader.generate.vary.branches import swap_branches
from grader.generate.vary.filling import refill
from grader.generate.vary.idioms import swap_idioms
from grader.generate.vary.loops import swap_loops
from grader.generate.vary.members import shuffle_members
from grader.generate.vary.messages import reword
from grader.generate.vary.names import rename
from grader.generate.vary.parser import swap_parser
from grader.generate.vary.pipelines import swap_pipelines
from grader.generate.vary.rewrite import Rewrites
from grader.generate.vary.statements import shuffle_statements
from grader.generate.vary.unpack import swap_unpacking
from grader.records.scenario import Variants
from grader.stream import Stream
from seeded_bugs.syntax.tree import tree_of


def varied(program: str, variants: Variants, stream: Stream) -> str:
    """Return one of the many ways to write a clean program.

    Args:
        program: the clean program of a scenario.
        variants: what the scenario leaves open.
        stream: for every choice; the same stream gives the same text.

    Raises:
        ScenarioError: if a passage of the variants does not stand in the program just once.
    """
    chosen = choose(program, variants, stream.child("alternatives"))
    return rewritten(chosen, stream)


def rewritten(program: str, stream: Stream) -> str:
    """Return a program that does the same and is written another way."""
    notes = Rewrites(tree_of(_parsed(program)))
    rename(notes, stream.child("names"))
    reword(notes, stream.child("messages"))
    swap_pipelines(notes, stream.child("pipelines"))
    swap_parser(notes, stream.child("parser"))
    shuffle_members(notes, stream.child("members"))
    refill(notes, stream.child("filling"))
    swap_loops(notes, stream.child("loops"))
    swap_branches(notes, stream.child("branches"))
    swap_unpacking(notes, stream.child("unpacking"))
    swap_idioms(notes, stream.child("idioms"))
    shuffle_statements(notes, stream.child("statements"))
    return notes.carried_out().code


@lru_cache(maxsize=16)
def _parsed(program: str) -> cst.Module:
    """Return the tree of a program; many exercises start from the same."""
    return cst.parse_module(program)
