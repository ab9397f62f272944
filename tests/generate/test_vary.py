"""A varied program is written another way and does the same."""

import ast
from collections.abc import Iterable
from io import StringIO
from itertools import combinations
from statistics import median

import libcst as cst
import pandas as pd
import pytest

from grader import catalog
from grader.errors import ScenarioError
from grader.generate.exercise import fitting, fitting_decoys
from grader.generate.likeness import grams, share
from grader.generate.vary.alternatives import choose
from grader.generate.vary.marks import reserved, serves_alike
from grader.generate.vary.names import families
from grader.generate.vary.vary import rewritten, varied
from grader.prove.run import Ran, run_program
from grader.records.scenario import Choice, Swap, Variants
from grader.scenarios.library import ScenarioFolder, scenario, scenario_names
from grader.stream import Stream

FITTING = 0.9  # of the kinds and decoys of the program as it stands
ALIKE = 0.6


def stream(number: int) -> Stream:
    return Stream(number.to_bytes(16, "big"), "vary")


def written(name: str, number: int) -> str:
    folder = scenario(name)
    return varied(folder.program, folder.variants, stream(number))


@pytest.mark.parametrize("name", scenario_names())
def test_varied_programs_parse_and_take_nine_in_ten_of_the_kinds(name: str) -> None:
    for number in range(3):
        text = written(name, number)
        ast.parse(text)
        module = cst.parse_module(text)
        bugs = [n for n, b in catalog.bugs().items() if any(True for _ in b.find(module))]
        decoys = [n for n, d in catalog.decoys().items() if any(True for _ in d.find(module))]
        assert len(bugs) >= FITTING * len(fitting(name))
        assert len(decoys) >= FITTING * len(fitting_decoys(name))


@pytest.mark.parametrize("name", scenario_names())
def test_two_varied_programs_of_a_scenario_have_little_in_common(name: str) -> None:
    several = [grams(written(name, number)) for number in range(5)]
    assert median(share(a, b) for a, b in combinations(several, 2)) < ALIKE


@pytest.mark.parametrize("name", scenario_names())
def test_the_same_stream_gives_the_same_text(name: str) -> None:
    assert written(name, 1) == written(name, 1) != written(name, 2)


SAMPLE = '''
"""Numbers of a shop."""
import argparse
import logging
import sys

log = logging.getLogger("shop")
NUM_COLUMNS = ["a", "b"]
CAT_COLUMNS = ["c"]
FEATURES = NUM_COLUMNS + CAT_COLUMNS
# From the contract of 2024.
SHARE = 0.25
LIMIT = 3


class InputError(Exception):
    """What cannot be used."""


class Counter:
    """Counts."""

    def __init__(self, seed, share=SHARE):
        self.seed, self.share = seed, share
        self.counts = []

    def add(self, value):
        """Return the running count."""
        self.counts.append(value)
        return sum(self.counts) * self.share


def squares(values, low=0):
    """Return squares above `low`."""
    missing = [value for value in values if value is None]
    if missing:
        raise InputError(f"missing values {missing} in {len(values)} rows")
    result = {value: value**2 for value in values if value >= low}
    result |= {100: 1, 200: 2}
    kept = []
    for key in result:
        if key > 1:
            kept.append(key)
    low, high = min(kept), max(kept)
    log.info("read %d rows from %d to %.1f", len(kept), low, high)
    word = "many" if len(kept) > LIMIT else "few"
    return {**result, "word": word, "range": (low, high), "kept": kept}


def parse(argv=None):
    parser = argparse.ArgumentParser(description="Squares.")
    parser.add_argument("numbers", nargs="+", type=int)
    parser.add_argument("--low", type=int, default=0, help="folder of nothing")
    parser.add_argument("--seed", type=int, default=7, help="seed of nothing")
    args = parser.parse_args(argv)
    return args


def main(argv=None):
    args = parse(argv)
    counter = Counter(args.seed, share=0.5)
    total = [counter.add(number) for number in args.numbers]
    out = squares(args.numbers, low=args.low)
    return [total, out, counter.seed, FEATURES]
'''


def answer(text: str) -> object:
    space: dict[str, object] = {"__name__": "sample"}
    exec(compile(text, "sample", "exec"), space)
    main = space["main"]
    assert callable(main)
    return main(["1", "2", "3", "5", "--low", "2"])


def test_a_program_answers_the_same_however_it_is_written() -> None:
    texts = [rewritten(SAMPLE, stream(number)) for number in range(40)]
    assert len(set(texts)) == len(texts)
    expected = answer(SAMPLE)
    for text in texts:
        assert answer(text) == expected, text


def test_every_shape_is_written_both_ways() -> None:
    texts = [rewritten(SAMPLE, stream(number)) for number in range(40)]
    for sign in (".update(", ".format(", '" % (', '" if len(', "def build_parser", "{**"):
        there = sum(sign in text for text in texts)
        assert 0 < there < len(texts), (sign, there)
    loops = [sum(isinstance(n, ast.For) for n in ast.walk(ast.parse(text))) for text in texts]
    assert min(loops) == 0
    assert max(loops) > 1


def test_a_comment_stays_above_the_line_that_it_speaks_of() -> None:
    for number in range(30):
        lines = rewritten(SAMPLE, stream(number)).split("\n")
        below = lines[lines.index("# From the contract of 2024.") + 1]
        assert below.endswith("= 0.25")


def test_names_in_docstrings_follow_the_program() -> None:
    renamed = 0
    for number in range(30):
        tree = ast.parse(rewritten(SAMPLE, stream(number)))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and "squares above" in (
                ast.get_docstring(node) or ""
            ):
                told = (ast.get_docstring(node) or "").split("`")[1]
                assert told in [a.arg for a in node.args.args]
                renamed += told != "low"
    assert renamed


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("def f(df):\n    low = 3\n    return df.query('x > @low')\n", "low = 3"),
        ("def f(data):\n    return locals()\n", "def f(data)"),
        ("class P(NamedTuple):\n    path: str\n\npath = P('a').path\n", "path: str"),
        ("def f(low):\n    return low\n\nf(**{'low': 1})\n", "def f(low)"),
        ("from x import frame\n\nframe(1)\n", "import frame"),
        ("def f(low):\n    print(f'{low=}')\n", "def f(low)"),
        ("def f(frame, low):\n    return low\n\ndf.pipe(f, low=1)\n", ", low)"),
    ],
    ids=["query", "locals", "field", "by a table", "imported", "printed with its name", "pipe"],
)
def test_a_name_that_something_else_reads_stays(text: str, kept: str) -> None:
    for number in range(20):
        assert kept in rewritten(text, stream(number))


@pytest.mark.parametrize(
    "text",
    [
        "def f(df):\n    a = df.copy()\n    df['x'] = 1\n    b = df.copy()\n    return a, b\n",
        "def f(d):\n    d['x'] = 1\n    u = d.get('x')\n    d['y'] = 2\n    return u, dict(d)\n",
        "def f(d):\n    e = d\n    d['x'] = 1\n    u = list(e)\n    return u\n",
        "def f(d):\n    u = d.pop('x', 0)\n    v = d.pop('x', 1)\n    return u, v\n",
        "def f(d):\n    a, b = 1, 2\n    a, b = b, a\n    return a, b\n",
    ],
)
def test_lines_that_depend_on_each_other_keep_their_order(text: str) -> None:
    def outcome(program: str) -> object:
        space: dict[str, object] = {}
        exec(program, space)
        (function,) = (v for k, v in space.items() if callable(v) and not k.startswith("__"))
        return function({"x": 5})

    for number in range(25):
        assert outcome(rewritten(text, stream(number))) == outcome(text)


def test_cells_of_a_notebook_keep_their_lines() -> None:
    cells = [[f"v{n}{i} = 1{n}{i}" for i in range(3)] for n in range(3)]
    text = "".join("# %%\n" + "\n".join(lines) + "\n" for lines in cells)
    for number in range(10):
        found = rewritten(text, stream(number)).split("# %%\n")[1:]
        assert [sorted(part.split()) for part in found] == [
            sorted("\n".join(lines).split()) for lines in cells
        ]


def test_asking_for_a_dunder_name_keeps_no_name() -> None:
    text = "seed = 3\nhome = 1 if '__file__' in globals() else 2\nprint(seed)\n"
    assert any(not rewritten(text, stream(number)).startswith("seed =") for number in range(20))
    other = text.replace("'__file__' in", "'seed' in")
    assert all(rewritten(other, stream(number)).startswith("seed =") for number in range(20))


def test_every_new_name_keeps_what_the_kinds_go_by() -> None:
    assert serves_alike("split_rows", "do_split")
    assert not serves_alike("split_rows", "cut_rows")
    assert not serves_alike("NUM_COLUMNS", "NUMBERED")
    assert not serves_alike("labels", "scores")
    assert {"scaler", "accuracy_score", "list", "class"} <= reserved()
    for rows in families().together:
        assert len({len(row) for row in rows}) == 1


def test_a_passage_that_is_not_there_once_is_an_error() -> None:
    swap = Swap(old="A = 1", new="A = 2")
    variants = Variants(choice=(Choice(name="a", options=((swap,),)),))
    texts = {choose("A = 1\n", variants, stream(number)) for number in range(20)}
    assert texts == {"A = 1\n", "A = 2\n"}
    drawn = next(n for n in range(20) if choose("A = 1\n", variants, stream(n)) == "A = 2\n")
    with pytest.raises(ScenarioError, match="stands 2 times"):
        choose("A = 1\nA = 1\n", variants, stream(drawn))


@pytest.mark.parametrize("name", scenario_names())
def test_any_options_of_a_scenario_go_together(name: str) -> None:
    folder = scenario(name)
    for first, second in combinations(folder.variants.choice, 2):
        for one in first.options:
            for other in second.options:
                both = Variants(
                    choice=(
                        Choice(name="one", options=(one,)),
                        Choice(name="other", options=(other,)),
                    )
                )
                for number in range(4):
                    text = choose(folder.program, both, stream(number))
                    assert ast.parse(text).body


def needed_column(folder: ScenarioFolder, columns: Iterable[str]) -> str:
    """Return the second column that the program asks for by name; a table without it is refused.

    Some columns (an address) no program reads, and late ones may be absent.
    """
    late, text = folder.facts.late_columns, folder.program
    return [c for c in columns if c not in late and f'"{c}"' in text][1]


def ran(folder: ScenarioFolder, program: str) -> tuple[list[Ran], pd.DataFrame | None]:
    """Return the runs (train, predict, three with bad input) and the predictions."""
    data = folder.facts.data_file
    frame = folder.make(11, folder.facts.sample_rows)
    short = needed_column(folder, frame.columns)
    files = {
        **folder.beside,
        "program.py": program.encode(),
        data: frame.to_csv(index=False).encode(),
        "short.csv": frame.drop(columns=short).to_csv(index=False).encode(),
        "odd.csv": b"a,b\n1,2,3\n",
        "show.py": b"import pathlib\nprint(pathlib.Path('out/predictions.csv').read_text())\n",
    }
    common = ["--out", "out", "--seed", "7"]
    calls = [
        *(["program.py", way, "--data", data, *common] for way in ("train", "predict")),
        ["show.py"],
        *(["program.py", "train", "--data", bad, *common] for bad in ("short.csv", "odd.csv")),
        ["program.py", "predict", "--data", "none.csv", *common],
    ]
    train, predict, shown, *bad = run_program(files, calls)
    table = pd.read_csv(StringIO(shown.stdout)) if shown.exit_code == 0 else None
    return [train, predict, *bad], table


SLOW = [
    pytest.param(name, number, id=f"{name} {number}", marks=[pytest.mark.sample] * (number == 0))
    for name in scenario_names()
    for number in range(4)
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "number"), SLOW)
def test_a_rewritten_program_gives_the_same_report_and_predictions(name: str, number: int) -> None:
    folder = scenario(name)
    clean, expected = ran(folder, folder.program)
    again, found = ran(folder, rewritten(folder.program, stream(number)))
    assert [r.exit_code for r in clean] == [0, 0, 2, 2, 2]
    assert [r.exit_code for r in again] == [0, 0, 2, 2, 2], again[0].stderr + again[1].stderr
    assert again[0].report == clean[0].report
    assert again[1].report == clean[1].report
    assert expected is not None
    assert found is not None
    pd.testing.assert_frame_equal(found, expected)
    assert not any("Logging error" in r.stderr or "Traceback" in r.stderr for r in again)
    assert [len(r.stderr.splitlines()) for r in again] == [
        len(r.stderr.splitlines()) for r in clean
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "number"), SLOW)
def test_a_varied_program_runs_and_beats_its_baseline(name: str, number: int) -> None:
    folder = scenario(name)
    runs, _ = ran(folder, written(name, number))
    assert [r.exit_code for r in runs] == [0, 0, 2, 2, 2], runs[0].stderr + runs[1].stderr
    report = runs[0].report
    assert report is not None
    own, base = report[folder.facts.metric], report[folder.facts.baseline[0]]
    assert isinstance(own, float)
    assert isinstance(base, float)
    smaller_is_better = folder.facts.metric in ("mae", "rmse", "log_loss")
    assert own < base if smaller_is_better else own > base
