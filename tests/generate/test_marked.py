"""Programs that are the export of a notebook keep their cells from the first line to the key."""

import nbformat
import pytest

from grader.generate.build import Made
from grader.generate.exercise import Wish, make_exercise
from grader.generate.marked import cut_at_markers
from grader.generate.mess.leftovers import unused
from grader.generate.mess.mess import laid_out, mess
from grader.generate.sow import Bed
from grader.ingest.published import published_from_key
from grader.scenarios.library import scenario, scenario_names
from grader.spans import split_lines
from grader.stream import Stream, derive
from seeded_bugs.syntax.cells import cells_of, has_markers, is_marker, marked_lines

NOTEBOOKS = [name for name in scenario_names() if scenario(name).facts.notebook_first]
RUN = ("train", "--data", "d.csv")


def frame(text: str) -> list[str]:
    """Return the lines that make the notebook: markers and texts."""
    marked = marked_lines(text)
    return [line for number, line in enumerate(split_lines(text), 1) if number in marked]


@pytest.fixture(scope="module")
def marked(exercises: list[Made]) -> list[Made]:
    return [made for made in exercises if made.key.scenario in NOTEBOOKS]


@pytest.mark.parametrize("name", scenario_names())
def test_a_scenario_has_markers_if_it_says_so(name: str) -> None:
    assert has_markers(scenario(name).program) == scenario(name).facts.notebook_first


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_cell_of_the_clean_program_is_empty_and_the_first_is_text(name: str) -> None:
    program = scenario(name).program
    markers = sum(is_marker(line) for line in split_lines(program))
    assert len(cells_of(program)) == markers
    assert cells_of(program)[0].kind == "markdown"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_all_habits_at_full_strength_leave_markers_and_texts_alone(name: str) -> None:
    clean = scenario(name).program
    for number in range(3):
        stream = Stream(derive(b"marked", str(number)), "mess")
        messed = mess(laid_out(Bed(clean)), stream, 100, 100).text
        kept = frame(messed)
        assert [line for line in frame(clean) if line in kept] == kept
        gone = len(frame(clean)) - len(kept)
        # A helper that was alone in its cell and is written out at its call takes the cell along.
        assert gone <= 3


def test_an_unused_helper_is_put_into_the_cell_of_the_function_below() -> None:
    text = "# %%\nimport os\n\n# %% [markdown]\n# ## Next\n\n# %%\n# why\ndef f():\n    pass\n"
    lines = [line for _, line in unused(text, Stream(bytes(32), "unused"), 100)]
    helper, own = (n for n, line in enumerate(lines) if line.startswith("def "))
    assert [line for line in lines[:helper] if is_marker(line)][-1] == "# %%"
    assert lines.index("# ## Next") < helper < lines.index("# why") < own


def test_each_cell_shows_just_the_lines_that_the_key_says(marked: list[Made]) -> None:
    """A text without its comment signs; the start cell alone is no line of the program."""
    for made in marked:
        lines = split_lines(made.key.program)
        book = nbformat.reads(made.files["program.ipynb"].decode(), as_version=4)
        for cell, shown in zip(made.key.cells, book.cells, strict=True):
            assert cell.kind == shown.cell_type
            if cell.lines is None:
                assert shown.source.startswith("import sys\n")
                continue
            held = lines[cell.lines.start - 1 : cell.lines.end]
            if cell.kind == "markdown":
                held = [line[2:] for line in held]
            assert shown.source == "\n".join(held)


def test_every_line_but_markers_and_blanks_is_in_a_cell(marked: list[Made]) -> None:
    for made in marked:
        spans = [cell.lines for cell in made.key.cells if cell.lines]
        inside = {n for span in spans for n in range(span.start, span.end + 1)}
        for number, line in enumerate(split_lines(made.key.program), 1):
            assert (number in inside) or not line.strip() or is_marker(line)
            assert not (number in inside and is_marker(line))


def test_the_published_script_keeps_the_markers(marked: list[Made]) -> None:
    for made in marked:
        assert has_markers(made.files["program.py"].decode())


def test_the_key_knows_text_cells_as_the_notebook_shows_them(marked: list[Made]) -> None:
    for made in marked:
        book = nbformat.reads(made.files["program.ipynb"].decode(), as_version=4)
        for cell, shown in zip(published_from_key(made.key).cells, book.cells, strict=True):
            if cell.kind == "markdown":
                assert cell.lines == tuple(split_lines(shown.source))


def test_a_flat_program_gets_its_arguments_above_its_first_code() -> None:
    pieces = cut_at_markers("# %% [markdown]\n# # Title\n\n# %%\nimport os\n", RUN)
    assert [piece.kind for piece in pieces] == ["markdown", "code", "code"]
    assert 'sys.argv = ["program.py", "train"' in pieces[1].source
    assert pieces[1].lines is None


def test_a_guard_in_its_own_cell_becomes_the_call_of_main() -> None:
    text = '# %%\ndef main(argv):\n    pass\n\n\n# %%\nif __name__ == "__main__":\n    main()\n'
    pieces = cut_at_markers(text, RUN)
    assert [piece.source for piece in pieces][1:] == ['main(["train", "--data", "d.csv"])']
    assert pieces[1].lines == (7, 8)


@pytest.mark.parametrize(
    ("name", "forms"),
    [("churn", {"program.py"}), (NOTEBOOKS[0], {"program.py", "program.ipynb"})],
)
def test_without_a_wish_a_scenario_comes_in_its_own_forms(name: str, forms: set[str]) -> None:
    made = make_exercise(bytes(range(32)), "demo", Wish(scenario=name))
    assert {file for file in made.files if file.startswith("program")} == forms
