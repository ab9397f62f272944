"""All variations in their order."""

import libcst as cst

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
from grader.stream import Stream
from seeded_bugs.syntax.tree import tree_of


def vary(module: cst.Module, stream: Stream) -> str:
    """Return the text of a program that does the same and is written another way.

    Args:
        module: a clean program; it stays as it is.
        stream: for every choice.
    """
    notes = Rewrites(tree_of(module))
    rename(notes, stream.child("names"))
    shuffle_members(notes, stream.child("members"))
    reword(notes, stream.child("messages"))
    swap_pipelines(notes, stream.child("pipelines"))
    swap_parser(notes, stream.child("parser"))
    refill(notes, stream.child("filling"))
    swap_loops(notes, stream.child("loops"))
    swap_branches(notes, stream.child("branches"))
    swap_unpacking(notes, stream.child("unpacking"))
    swap_idioms(notes, stream.child("idioms"))
    shuffle_statements(notes, stream.child("statements"))
    return notes.carried_out().code
