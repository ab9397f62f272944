"""All habits in their order, with the lines of flaws and decoys carried through each."""

from grader.generate.lines import statement_lines
from grader.generate.mess.annotations import drop_annotations
from grader.generate.mess.helpers import GROWN, grow_returns, inline_helpers
from grader.generate.mess.layout import lay_out
from grader.generate.mess.leftovers import (
    Lines,
    drop_comments,
    drop_docstrings,
    scatter,
    unused,
)
from grader.generate.mess.names import rename
from grader.generate.mess.paragraphs import paragraphs
from grader.generate.mess.printer import by_hand, loosen
from grader.generate.mess.rewrite import carried_out
from grader.generate.sow import Bed
from grader.spans import LineMap, Span, split_lines
from grader.stream import Stream
from seeded_bugs.syntax.tree import tree_of
from seeded_bugs.syntax.whole import parse, print_module


def mess(bed: Bed, stream: Stream, percent: int, shorten: int) -> Bed:
    """Return the bed with its program messed up and printed by one hand.

    Both are per cent; ``shorten`` is for the habits that take lines away.
    """
    bed = _inlined(bed, stream.child("inline"), shorten)
    bed = _reworded(bed, stream, percent)
    bed = by_tree(bed, lay_out(bed.text))
    bed = by_line(bed, drop_docstrings(bed.text, stream.child("docs"), shorten, owned(bed)))
    bed = by_line(bed, drop_comments(bed.text))
    bed = by_line(bed, unused(bed.text, stream.child("unused"), percent))
    bed = by_line(bed, scatter(bed.text, stream.child("scatter"), percent, owned(bed)))
    bed = by_line(bed, paragraphs(bed.text, stream.child("paragraphs")))
    bed = by_place(bed, by_hand(bed.text, stream.child("hand"), percent))
    return by_line(bed, loosen(bed.text, stream.child("blanks"), percent))


def _inlined(bed: Bed, stream: Stream, percent: int) -> Bed:
    tree = tree_of(parse(bed.text))
    module = inline_helpers(tree, statement_lines(tree), stream, percent, owned(bed))
    return bed if module is tree.module else by_diff(bed, print_module(module))


def _reworded(bed: Bed, stream: Stream, percent: int) -> Bed:
    """Return the bed with types, names and returns in other words, all in one pass."""
    tree = tree_of(parse(bed.text))
    lines = statement_lines(tree)
    grown = grow_returns(tree, lines, stream.child("grow"), percent, owned(bed))
    bare = drop_annotations(tree, stream.child("types"), percent)
    renamed = rename(tree, stream.child("names"), percent * 2 // 3, GROWN)
    text = print_module(carried_out(tree, grown, bare, renamed))
    ends = {lines[line].end for line in grown}
    origins: list[int] = []
    for number in range(1, len(split_lines(bed.text)) + 1):
        origins += [number, 0] if number in ends else [number]
    assert len(origins) == len(split_lines(text)), "rewording adds a line to a grown return only"
    return bed.moved(text, LineMap.by_origin(origins, len(origins) - len(ends)))


def laid_out(bed: Bed) -> Bed:
    """Return the bed with its program as the formatter prints it."""
    return by_tree(bed, lay_out(bed.text))


def owned(bed: Bed) -> list[Span]:
    """Return the lines that a flaw or a decoy owns; habits leave them whole."""
    return [span for sown in bed.everything() for span in sown.spans()]


def by_diff(bed: Bed, text: str) -> Bed:
    """Return the bed after an edit that can only be compared."""
    return bed.moved(text, LineMap.by_diff(bed.text, text))


def by_tree(bed: Bed, text: str) -> Bed:
    """Return the bed after an edit that keeps the syntax tree."""
    return bed.moved(text, LineMap.by_structure(bed.text, text))


def by_place(bed: Bed, text: str) -> Bed:
    """Return the bed after an edit within lines; every line keeps its number."""
    count = len(split_lines(text))
    assert count == len(split_lines(bed.text)), "an edit within lines keeps their number"
    return bed.moved(text, LineMap.by_origin(range(1, count + 1), count))


def by_line(bed: Bed, lines: Lines) -> Bed:
    """Return the bed after an edit that says where each line was before."""
    text = "".join(f"{line}\n" for _, line in lines)
    origins = [origin for origin, _ in lines]
    return bed.moved(text, LineMap.by_origin(origins, len(split_lines(bed.text))))
