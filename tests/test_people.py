"""Lists of people: read as they come, all faults told at once, and written the same way twice."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import PeopleError
from grader.people import (
    Assignment,
    Person,
    assignments_csv,
    read_assignments,
    read_people,
)


def read(tmp_path: Path, data: bytes) -> tuple[Person, ...]:
    file = tmp_path / "people.csv"
    file.write_bytes(data)
    return read_people(file)


ANN = Person("ann", {"name": "Müller, Ann", "team": "a;b"})


@pytest.mark.parametrize(
    "text",
    [
        'id,name,team\nann,"Müller, Ann",a;b\n',
        'ID;name;team\r\nann;Müller, Ann;"a;b"\r\n',
        'name,team,id\n"Müller, Ann",a;b, ann \n\n',
        'email,name,team\nann,"Müller, Ann",a;b',
    ],
)
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_list_is_read_as_spreadsheets_write_it(tmp_path: Path, text: str, bom: bytes) -> None:
    assert read(tmp_path, bom + text.encode()) == (ANN,)


def test_with_an_id_the_email_is_carried_along(tmp_path: Path) -> None:
    assert read(tmp_path, b"email,id\na@b.c,7\n") == (Person("7", {"email": "a@b.c"}),)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", ["the file is empty"]),
        (b"\n \n", ["the file is empty"]),
        (b"id,name\n", ["no row stands below the header"]),
        (b"name,team\nann,a\n", ["no column id (or email)"]),
        (b"PK\x03\x04zip", ["ZIP archive"]),
        (b"id\nan\xffn\n", ["line 2: byte 5 is not UTF-8"]),
        (b"id\na\x00n\n", ["a NUL byte"]),
        (b'id,name\nann,"x\n', ["is not a CSV table"]),
        (
            b"id,key,name,name\nann,1,2,3\n,1,2,3\nANN,1,2,3\nbob,1,2,3,4\ncid\n",
            [
                "the column name is given twice",
                "the column key is written by grader",
                "row 3: the id is empty",
                "row 4: the id ANN is that of row 2",
                "row 5: 5 cells, the header has 4",
                "row 6: 1 cells, the header has 4",
            ],
        ),
    ],
)
def test_all_faults_of_a_list_are_told_at_once(
    tmp_path: Path, data: bytes, says: list[str]
) -> None:
    with pytest.raises(PeopleError) as told:
        read(tmp_path, data)
    head, *faults = str(told.value).splitlines()
    assert head == f"{tmp_path / 'people.csv'}: {len(says)} to mend"
    assert all(any(said in fault for fault in faults) for said in says), faults


def test_a_list_that_is_not_there_is_told_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(PeopleError, match=r"none\.csv: 1 to mend\n  cannot be read"):
        read_people(tmp_path / "none.csv")


CELL = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=8)
PEOPLE = st.lists(
    st.builds(Person, CELL.filter(bool), st.fixed_dictionaries({"name": CELL, "team": CELL})),
    min_size=1,
    max_size=5,
    unique_by=lambda person: person.same,
)


@given(PEOPLE)
def test_what_is_noted_is_read_again(tmp_path_factory: pytest.TempPathFactory, people) -> None:
    file = tmp_path_factory.mktemp("note") / "assignments.csv"
    noted = tuple(Assignment(p, f"ex-{n}", f"ex-{n}.json") for n, p in enumerate(people))
    file.write_bytes(assignments_csv(noted))
    assert read_assignments(file) == noted


def test_a_note_has_every_column_of_anybody() -> None:
    people = [Person("a", {"x": "1"}), Person("b", {"y": "2"})]
    noted = [Assignment(p, "ex", "ex.json") for p in people]
    rows = list(csv.DictReader(io.StringIO(assignments_csv(noted).decode())))
    assert [(row["id"], row["x"], row["y"]) for row in rows] == [("a", "1", ""), ("b", "", "2")]


def test_no_note_is_an_empty_one(tmp_path: Path) -> None:
    assert read_assignments(tmp_path / "assignments.csv") == ()
