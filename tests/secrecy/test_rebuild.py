"""The same secret gives the same bytes, whatever the surroundings."""

import json

from attacks.rebuild import unlike
from grader.generate.build import Made
from grader.generate.notebook import build_notebook
from grader.stream import Stream

RUN = ("train", "--data", "data/rows.csv", "--out", "out", "--seed", "7")


def test_other_processes_make_the_same_bytes() -> None:
    """Their hash seed, locale and time zone are others."""
    assert unlike([0]) == []


def cell_ids(book: bytes) -> list[str]:
    return [cell["id"] for cell in json.loads(book)["cells"]]


def test_cell_ids_come_from_the_public_id_alone(pair: tuple[Made, Made]) -> None:
    """Another program and another secret under one public id: the ids are the same in order."""
    one, other = pair
    ids = cell_ids(one.files["program.ipynb"])
    stream = Stream(b"another secret" * 2, "build")
    book = build_notebook(other.key.program, "Another title", RUN, one.exercise.id, stream)
    common = min(len(ids), len(book.cells))
    assert common > 3
    assert cell_ids(book.data)[:common] == ids[:common]
    assert len(set(ids)) == len(ids)


def test_a_notebook_holds_no_outputs_and_no_metadata_of_its_making(pair) -> None:
    for made in pair:
        book = json.loads(made.files["program.ipynb"])
        assert set(book["metadata"]) == {"kernelspec", "language_info"}
        assert all(cell["metadata"] == {} for cell in book["cells"])
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in book["cells"])
