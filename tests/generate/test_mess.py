"""The habits of a hurried colleague change how a program looks, never what it does."""

import ast
import builtins

import black
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.generate.lines import statement_lines
from grader.generate.mess.annotations import drop_annotations
from grader.generate.mess.helpers import grow_returns, inline_helpers
from grader.generate.mess.layout import MODE, lay_out
from grader.generate.mess.leftovers import drop_comments, drop_docstrings, scatter, unused
from grader.generate.mess.names import rename
from grader.generate.mess.paragraphs import paragraphs
from grader.generate.mess.printer import by_hand, loosen
from grader.generate.mess.rewrite import carried_out
from grader.scenarios.library import scenario, scenario_names
from grader.spans import Span, split_lines
from grader.stream import Stream
from seeded_bugs.syntax.tree import Tree, tree_of
from seeded_bugs.syntax.whole import parse, print_module

SAMPLE = '''
def double(x):
    """Twice."""
    return x * 2


def total(values, start=0):
    # a note
    # of two lines
    result = start
    for value in values:
        result += double(value)
    names = {f"v{n}": n for n in range(3)}
    return sum([result, len(names)])


def main():
    values = [1, 2, 3]
    answer = total(values, start=1)
    print(answer)
    return 0
'''
FLAT = '''
import sys

log = print


def double(x):
    """Twice."""
    return x * 2


def shout(text):
    log(text, len(sys.argv), width)
    return text.upper()


width = 4
if sys.argv[1] == "train":
    # a note
    values = [1, 2, 3]
    total, table = 0, {}
    for value in values:
        total += double(value)
        table[value] = total
    report = {"total": total, "rows": len(table), "word": shout("done")}
else:
    try:
        values = [int(sys.argv[2])]
    except ValueError as error:
        values = []
    report = {"total": sum(values), "rows": len(values)}
log(report)
'''
SEEDS = st.integers(0, 10_000)


def answer(text: str) -> object:
    space: dict[str, object] = {}
    exec(compile(text, "sample", "exec"), space)
    functions = [v for k, v in space.items() if callable(v) and not hasattr(builtins, k)]
    assert callable(space["main"])
    printed: list[object] = []
    space["print"] = printed.append
    assert functions
    assert space["main"]() == 0
    return [p for p in printed if isinstance(p, int)]


def tree(text: str) -> Tree:
    return tree_of(parse(text))


def inlined(text: str, stream: Stream, percent: int) -> str:
    here = tree(text)
    return print_module(inline_helpers(here, statement_lines(here), stream, percent, []))


def grown(text: str, stream: Stream, percent: int) -> str:
    here = tree(text)
    rewrites = grow_returns(here, statement_lines(here), stream, percent, [])
    return print_module(carried_out(here, rewrites))


def renamed(text: str, stream: Stream, percent: int) -> str:
    return print_module(carried_out(tree(text), rename(tree(text), stream, percent)))


def printed_by(text: str, *argv: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    printed: list[str] = []
    monkeypatch.setattr("sys.argv", ["program.py", *argv])
    space = {"print": lambda *words: printed.append(" ".join(map(str, words)))}
    exec(compile(text, "flat", "exec"), space)
    return printed


def joined(lines: list[tuple[int, str]]) -> str:
    return "".join(f"{line}\n" for _, line in lines)


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_all_habits_together_keep_what_the_program_does(seed: int) -> None:
    stream = Stream(seed.to_bytes(16, "big"), "mess")
    text = inlined(SAMPLE, stream.child("a"), 80)
    text = grown(text, stream.child("b"), 100)
    text = renamed(text, stream.child("c"), 80)
    text = lay_out(text)
    text = joined(drop_docstrings(text, stream.child("d"), 80, []))
    text = joined(drop_comments(text))
    text = joined(unused(text, stream.child("f"), 80))
    text = joined(scatter(text, stream.child("g"), 100, []))
    text = joined(paragraphs(text, stream.child("p")))
    text = by_hand(text, stream.child("h"), 80)
    text = joined(loosen(text, stream.child("i"), 80))
    assert answer(text) == answer(SAMPLE) == [15 + 1]


def test_all_habits_together_keep_what_a_flat_script_does(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = set()
    for seed in range(40):
        stream = Stream(seed.to_bytes(16, "big"), "flat")
        text = inlined(FLAT, stream.child("a"), 80)
        text = grown(text, stream.child("b"), 100)
        text = lay_out(renamed(text, stream.child("c"), 80))
        text = joined(drop_docstrings(text, stream.child("d"), 80, []))
        text = joined(drop_comments(text))
        text = joined(unused(text, stream.child("f"), 80))
        text = joined(scatter(text, stream.child("g"), 100, []))
        text = joined(paragraphs(text, stream.child("p")))
        text = by_hand(text, stream.child("h"), 80)
        text = joined(loosen(text, stream.child("i"), 80))
        changed |= {name for name in ("values", "report", "total") if f"{name} " not in text}
        for argv in (["train"], ["predict", "12"], ["predict", "x"]):
            expected = printed_by(FLAT, *argv, monkeypatch=monkeypatch)
            assert printed_by(text, *argv, monkeypatch=monkeypatch) == expected
    assert changed == {"values", "report", "total"}


@pytest.mark.parametrize("name", scenario_names())
def test_renaming_and_layout_keep_the_shape_of_the_tree(name: str) -> None:
    text = scenario(name).program
    stream = Stream(bytes(16), "shape")
    other = by_hand(lay_out(renamed(text, stream, 90)), stream, 90)
    kinds = [type(node) for node in ast.walk(ast.parse(text))]
    assert [type(node) for node in ast.walk(ast.parse(other))] == kinds
    assert other != text


@pytest.mark.parametrize("name", scenario_names())
def test_layout_by_hand_keeps_the_lines_and_the_tree(name: str) -> None:
    text = scenario(name).program
    for seed in range(5):
        changed = by_hand(text, Stream(bytes([seed]) * 16, "hand"), 100)
        assert len(split_lines(changed)) == len(split_lines(text))
        assert ast.dump(ast.parse(changed)) == ast.dump(ast.parse(text))


@pytest.mark.parametrize("name", scenario_names())
def test_annotations_go_and_lines_stay(name: str) -> None:
    text = scenario(name).program
    dropped = drop_annotations(tree(text), Stream(bytes(16), "types"), 100)
    bare = print_module(carried_out(tree(text), dropped))
    assert len(split_lines(bare)) == len(split_lines(text))
    functions = [n for n in ast.walk(ast.parse(bare)) if isinstance(n, ast.FunctionDef)]
    assert all(f.returns is None for f in functions)


def test_comments_and_no_statement_are_put_inside_the_lines_of_a_flaw() -> None:
    owned, commented = [Span(7, 14)], 0
    for seed in range(30):
        lines = scatter(SAMPLE, Stream(bytes([seed]) * 16, "s"), 100, owned)
        numbers = [number for number, _ in lines]
        inside = lines[numbers.index(7) : numbers.index(14) + 1]
        added = [line.strip() for number, line in inside if number == 0]
        assert [number for number, _ in inside if number] == list(range(7, 15))
        assert all(line.startswith("#") for line in added)
        commented += bool(added)
    assert commented


@pytest.mark.parametrize("name", scenario_names())
def test_blank_lines_of_a_block_do_not_tell_where_they_were_written(name: str) -> None:
    """Whatever blank lines another hand had put there, this hand leaves the same."""
    text = lay_out(scenario(name).program)
    ours = joined(paragraphs(text, Stream(bytes(16), "ours")))
    for seed in range(5):
        theirs = joined(paragraphs(text, Stream(bytes([seed]) * 16, "theirs")))
        assert theirs != ours
        assert joined(paragraphs(theirs, Stream(bytes(16), "ours"))) == ours
    assert ast.dump(ast.parse(ours)) == ast.dump(ast.parse(text))


def test_no_comment_of_the_author_stays() -> None:
    lines = drop_comments(SAMPLE)
    assert not [line for _, line in lines if line.lstrip().startswith("#")]
    assert "#" in SAMPLE


def test_a_name_that_a_query_reads_keeps_its_name() -> None:
    text = "def f(df):\n    low = 3\n    return df.query('x > @low')\n"
    for seed in range(20):
        assert "low = 3" in renamed(text, Stream(bytes([seed]) * 16, "q"), 100)


@pytest.mark.parametrize("name", scenario_names())
def test_layout_in_pieces_is_the_layout_of_the_whole(name: str) -> None:
    text = scenario(name).program
    lines = joined(scatter(text, Stream(bytes(16), "s"), 100, []))
    for rough in (text, by_hand(text, Stream(bytes(16), "h"), 100), lines.replace("\n\n\n", "\n")):
        assert lay_out(rough) == black.format_str(rough, mode=MODE)


@pytest.mark.parametrize(
    "text",
    [
        'x = """\nat the margin\n"""\n\ny = 1\n',
        "import a\n# fmt: off\nx = [1,\n  2]\n# fmt: on\ny=1\n",
        "def f(): ...\ndef g(): ...\nx = 1\n",
        "# only a note\n",
        "import a\n@d\n# why\ndef f():\n    pass\n    # tail\nx=f()\n# end\n",
        "for x in y: z( x )\nelse: w()\n",
    ],
)
def test_layout_of_what_is_hard_to_cut_is_that_of_the_formatter(text: str) -> None:
    assert lay_out(text) == black.format_str(text, mode=MODE)


def test_a_program_that_does_not_parse_is_not_laid_out() -> None:
    with pytest.raises(ValueError, match="does not parse"):
        lay_out("def f(:\n    pass\n")
