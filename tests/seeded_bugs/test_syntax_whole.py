"""Reading, printing and walking a program in pieces is the same as doing it whole."""

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from grader import catalog
from grader.generate.lines import statement_lines
from grader.scenarios.library import scenario, scenario_names
from seeded_bugs.contract import sow
from seeded_bugs.syntax.tree import Tree, tree_of
from seeded_bugs.syntax.whole import parse, print_module

KINDS = [*catalog.bugs().values(), *catalog.decoys().values()]
ODD = [
    "",
    "x = 1",
    "# only a comment\n",
    "# above\n\n# head\nimport a; import b\n\n\ndef f():\n    pass\n    # tail\n\n# next\nx = 1\n",
    "x = 1\n\n# end\n\n",
    "def f():\n  return 1\n\n\ndef g():\n  return 2\n",
    "if a:\n    b()\nelif c:\n    d()\n# before else\nelse:\n    e()\nfor x in y: z()\n",
    "def f():\n    return 1\n\n\ndef f():\n    return 1\n\n\ndef f():\n    return 1\n\n\nx = 1\n",
    'x = """\n# no comment\n\n    text\n"""\ny = (\n    1\n)\n',
    "\tx = 1\n".lstrip() + "if x:\n\ty = 1\n",
]
PROGRAMS = [*ODD, *(scenario(name).program for name in scenario_names())]
TEXTS = [
    *PROGRAMS,
    *(text for kind in KINDS for e in kind.examples for text in (e.clean, e.seeded)),
]
_WHITESPACE = (cst.SimpleWhitespace, cst.ParenthesizedWhitespace, cst.TrailingWhitespace)


class _Visit(cst.CSTVisitor):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[cst.CSTNode] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, _WHITESPACE):
            return False
        self.seen.append(node)
        return True


def test_a_program_read_in_pieces_is_the_program_read_whole() -> None:
    for text in TEXTS:
        module = parse(text)
        assert module.deep_equals(cst.parse_module(text)), text
        assert print_module(module) == text


def test_no_node_stands_twice_in_a_module() -> None:
    for text in TEXTS:
        nodes = [id(node) for node in tree_of(parse(text)).all(cst.CSTNode)]
        assert len(set(nodes)) == len(nodes), text


def test_a_tree_holds_the_nodes_of_a_visit_in_its_order() -> None:
    for text in TEXTS:
        module = cst.parse_module(text)
        visit = _Visit()
        module.visit(visit)
        assert list(map(id, visit.seen[1:])) == list(map(id, Tree(module).all(cst.CSTNode))), text


def test_the_way_up_ends_at_the_module() -> None:
    tree = tree_of(parse(scenario("churn").program))
    for node in tree.all(cst.Name):
        way = list(tree.up(node))
        assert way[-1] is tree.module
        assert all(tree.is_below(node, above) for above in way)
        assert any(child is node for child in way[0].children)


@pytest.mark.parametrize("name", scenario_names())
def test_a_sown_program_is_read_and_printed_alike(name: str) -> None:
    module = parse(scenario(name).program)
    for kind in KINDS:
        for site in list(kind.find(module))[:1]:
            after = sow(module, site, ("main", "trace", "support"))
            text = print_module(after)
            assert text == after.code
            assert parse(text).deep_equals(cst.parse_module(text))


def test_statements_stand_on_the_lines_that_the_printer_gives_them() -> None:
    for text in PROGRAMS:
        tree = tree_of(parse(text))
        wrapper = MetadataWrapper(tree.module, unsafe_skip_copy=True)
        places = wrapper.resolve(PositionProvider)
        for node, span in statement_lines(tree).items():
            assert span == (places[node].start.line, places[node].end.line), text
