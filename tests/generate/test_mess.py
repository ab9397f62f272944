"""The habits of a hurried colleague change how a program looks, never what it does."""

import ast
import builtins

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.generate.mess.annotations import drop_annotations
from grader.generate.mess.helpers import grow_returns, inline_helpers
from grader.generate.mess.leftovers import drop_comments, drop_docstrings, scatter, unused
from grader.generate.mess.names import rename
from grader.generate.mess.printer import by_hand, lay_out, loosen
from grader.scenarios.library import scenario, scenario_names
from grader.spans import Span, split_lines
from grader.stream import Stream

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
    text = inline_helpers(SAMPLE, stream.child("a"), 80, [])
    text = grow_returns(text, stream.child("b"), 100, [])
    text = rename(text, stream.child("c"), 80)
    text = lay_out(text)
    text = joined(drop_docstrings(text, stream.child("d"), 80, []))
    text = joined(drop_comments(text, stream.child("e"), 50))
    text = joined(unused(text, stream.child("f"), 80))
    text = joined(scatter(text, stream.child("g"), 100, []))
    text = by_hand(text, stream.child("h"), 80)
    text = joined(loosen(text, stream.child("i"), 80))
    assert answer(text) == answer(SAMPLE) == [15 + 1]


def test_all_habits_together_keep_what_a_flat_script_does(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = set()
    for seed in range(40):
        stream = Stream(seed.to_bytes(16, "big"), "flat")
        text = inline_helpers(FLAT, stream.child("a"), 80, [])
        text = grow_returns(text, stream.child("b"), 100, [])
        text = lay_out(rename(text, stream.child("c"), 80))
        text = joined(drop_docstrings(text, stream.child("d"), 80, []))
        text = joined(drop_comments(text, stream.child("e"), 50))
        text = joined(unused(text, stream.child("f"), 80))
        text = joined(scatter(text, stream.child("g"), 100, []))
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
    renamed = by_hand(lay_out(rename(text, stream, 90)), stream, 90)
    kinds = [type(node) for node in ast.walk(ast.parse(text))]
    assert [type(node) for node in ast.walk(ast.parse(renamed))] == kinds
    assert renamed != text


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
    bare = drop_annotations(text, Stream(bytes(16), "types"), 100)
    assert len(split_lines(bare)) == len(split_lines(text))
    functions = [n for n in ast.walk(ast.parse(bare)) if isinstance(n, ast.FunctionDef)]
    assert all(f.returns is None for f in functions)


def test_nothing_is_put_inside_the_lines_of_a_flaw() -> None:
    owned = [Span(7, 14)]
    for seed in range(30):
        lines = scatter(SAMPLE, Stream(bytes([seed]) * 16, "s"), 100, owned)
        numbers = [number for number, _ in lines]
        inside = numbers[numbers.index(7) : numbers.index(14) + 1]
        assert inside == list(range(7, 15))


def test_a_comment_of_several_lines_goes_whole() -> None:
    lines = drop_comments(SAMPLE, Stream(bytes(16), "c"), 100)
    assert not [line for _, line in lines if line.lstrip().startswith("#")]


def test_a_name_that_a_query_reads_keeps_its_name() -> None:
    text = "def f(df):\n    low = 3\n    return df.query('x > @low')\n"
    for seed in range(20):
        assert "low = 3" in rename(text, Stream(bytes([seed]) * 16, "q"), 100)
