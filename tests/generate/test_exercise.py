"""What every generated exercise must be."""

import ast
import json

import nbformat
import pytest

from grader import catalog
from grader.errors import PlanError
from grader.files import sha256
from grader.generate.build import Made
from grader.generate.exercise import Wish, make_exercise
from grader.generate.prospects import conflict
from grader.prove.run import run_program
from grader.scenarios.library import scenario
from grader.spans import Span, overlap, split_lines
from grader.stream import derive


def test_the_program_parses(exercises: list[Made]) -> None:
    for made in exercises:
        tree = ast.parse(made.files["program.py"])
        assert any(isinstance(node, ast.ImportFrom) for node in tree.body)


def test_snippets_stand_at_their_lines_in_the_script(exercises: list[Made]) -> None:
    for made in exercises:
        lines = split_lines(made.files["program.py"].decode())
        for item in (*made.key.items, *made.key.decoys):
            for place in item.places:
                found = "\n".join(lines[place.lines.start - 1 : place.lines.end])
                assert found == place.snippet
                assert found.strip()


def test_snippets_stand_at_their_lines_in_the_notebook(exercises: list[Made]) -> None:
    """Except in the lines that the last cell stands in for."""
    for made in exercises:
        book = nbformat.reads(made.files["program.ipynb"].decode(), as_version=4)
        for item in (*made.key.items, *made.key.decoys):
            for place in item.places:
                found = [
                    split_lines(book.cells[c.cell - 1].source)[c.start - 1 : c.end]
                    for c in place.cells
                ]
                text = [line for part in found for line in part if line.strip()]
                assert text == [line for line in place.snippet.split("\n") if line.strip()]
                assert all(book.cells[c.cell - 1].id == c.cell_id for c in place.cells)


def test_every_flaw_has_a_main_place_and_no_two_share_a_line(exercises: list[Made]) -> None:
    for made in exercises:
        owned: list[Span] = []
        for item in (*made.key.items, *made.key.decoys):
            assert any(place.role == "main" for place in item.places), item.kind
            for place in item.places:
                span = Span(place.lines.start, place.lines.end)
                if place.role != "landmark":
                    assert not any(overlap(span, other) for other in owned), item.kind
                    owned.append(span)


def test_kinds_in_conflict_never_stand_together(exercises: list[Made]) -> None:
    kinds = catalog.bugs()
    for made in exercises:
        names = [item.kind for item in made.key.items]
        assert not any(conflict(kinds, a, b) for a in names for b in names)
        for decoy in made.key.decoys:
            assert not set(catalog.decoys()[decoy.kind].entry.excludes) & set(names)


def test_the_published_files_say_nothing_about_flaws(exercises: list[Made]) -> None:
    for made in exercises:
        public = b"\n".join(v for k, v in made.files.items() if not k.startswith("data/"))
        words = [made.key.secret, *(i.kind for i in (*made.key.items, *made.key.decoys))]
        words += [i.kind_id for i in (*made.key.items, *made.key.decoys)]
        words += [i.title for i in (*made.key.items, *made.key.decoys)]
        assert not [w for w in words if w.encode() in public]


def test_the_manifest_holds_the_hash_of_every_file(exercises: list[Made]) -> None:
    for made in exercises:
        manifest = json.loads(made.files["exercise.json"])
        hashes = {f["name"]: f["sha256"] for f in manifest["files"]}
        assert hashes == {k: sha256(v) for k, v in made.files.items() if k != "exercise.json"}
        assert made.key.exercise_sha256 == sha256(made.files["exercise.json"])


def test_the_notebook_has_no_outputs_and_stable_cell_ids(exercises: list[Made]) -> None:
    for made in exercises:
        book = nbformat.reads(made.files["program.ipynb"].decode(), as_version=4)
        nbformat.validate(book)
        assert all(not c.get("outputs") for c in book.cells)
        assert len({c.id for c in book.cells}) == len(book.cells) == len(made.key.cells)
        assert [c.id for c in book.cells] == [c.cell_id for c in made.key.cells]


def code_of(made: Made) -> list[str]:
    book = nbformat.reads(made.files["program.ipynb"].decode(), as_version=4)
    return [cell.source for cell in book.cells if cell.cell_type == "code"]


def test_the_code_of_the_notebook_is_the_program(exercises: list[Made]) -> None:
    """Except for the cell that starts the run: a flat script's first, else the last."""
    for made in exercises:
        cells, program = code_of(made), ast.parse(made.key.program).body
        cells, program = (cells[1:], program) if flat(made) else (cells[:-1], program[:-1])
        found = ast.parse("\n".join(cells))
        assert ast.dump(found) == ast.dump(ast.Module(program, []))


def flat(made: Made) -> bool:
    return "__main__" not in made.key.program


def test_only_the_notebook_of_a_flat_script_starts_with_its_arguments(
    exercises: list[Made],
) -> None:
    assert any(map(flat, exercises))
    for made in exercises:
        first, last = code_of(made)[0], code_of(made)[-1]
        assert first.startswith("import sys\n\nsys.argv = [") == flat(made)
        assert last.startswith("main([") != flat(made)


@pytest.mark.slow
def test_the_notebook_of_a_flat_script_trains_when_run_from_the_top(
    exercises: list[Made],
) -> None:
    for made in filter(flat, exercises):
        data = {k: v for k, v in made.files.items() if k.startswith("data/")}
        book = "\n".join(code_of(made)).encode()
        (ran,) = run_program({**data, "book.py": book}, [["book.py"]])
        assert ran.sound, ran.stderr
        assert ran.report is not None
        assert ran.report["command"] == "train"


def test_the_same_secret_gives_the_same_bytes(exercises: list[Made]) -> None:
    first = exercises[0]
    wish = Wish(scenario=first.key.scenario, level="junior", formats=("script", "notebook"))
    again = make_exercise(derive(b"tests of generating", "0"), "demo", wish)
    assert again.files == first.files
    assert again.key.canonical() == first.key.canonical()


def test_exercises_of_one_scenario_differ(exercises: list[Made]) -> None:
    programs = [made.key.program for made in exercises]
    assert len(set(programs)) == len(programs)
    assert len({made.exercise.id for made in exercises}) == len(exercises)


def test_an_included_kind_is_there_and_an_excluded_one_is_not() -> None:
    wish = Wish(
        scenario="churn",
        include=("scaler_fitted_before_split", "MLR501"),
        exclude=("missing_seed", "inconsistent_seeds"),
    )
    for number in range(2):
        made = make_exercise(derive(b"included", str(number)), "demo", wish)
        names = {item.kind for item in made.key.items}
        assert {"scaler_fitted_before_split", "hardcoded_path"} <= names
        assert not {"missing_seed", "inconsistent_seeds"} & names


@pytest.mark.parametrize(
    ("include", "exclude", "says"),
    [
        (("shuffled_time_split",), (), "offers no site"),
        (("missing_seed",), ("missing_seed",), "both included and excluded"),
        (("missing_seed", "inconsistent_seeds"), (), "must not stand in one program"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(
    include: tuple[str, ...], exclude: tuple[str, ...], says: str
) -> None:
    wish = Wish(scenario="churn", include=include, exclude=exclude)
    with pytest.raises(PlanError, match=says):
        make_exercise(bytes(32), "demo", wish)


def test_the_brief_says_how_long_and_how_to_hand_in(exercises: list[Made]) -> None:
    for made in exercises:
        brief = made.files["brief.md"].decode()
        assert "45 minutes" in brief
        assert f"`{made.exercise.id}__yourname`" in brief
        assert "{exercise}" not in brief
        assert "{minutes}" not in brief


def test_files_beside_the_program_are_published_as_they_are(exercises: list[Made]) -> None:
    shipped = 0
    for made in exercises:
        for name, data in scenario(made.key.scenario).beside.items():
            assert made.files[name] == data
            assert name in {file.name for file in made.exercise.files}
            shipped += 1
    assert shipped
