"""Lists of people: who is to get an exercise, and who has which."""

import csv
import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import PeopleError
from grader.ingest.draft import RefusedError
from grader.ingest.text import decode

NAMES = ("id", "email")
OWN = ("id", "exercise", "key")
LONGEST = 200
_DELIMITERS = ",;"
_HEADER = "start with a header such as id,name,team"


@dataclass(frozen=True)
class Person:
    """One row: who it is, and the other columns as they were."""

    id: str
    others: dict[str, str]

    @property
    def same(self) -> str:
        """Return what two spellings of one id have in common: case and form of letters go."""
        return unicodedata.normalize("NFC", self.id).casefold()


@dataclass(frozen=True)
class Assignment:
    """Which exercise a person has."""

    person: Person
    exercise: str
    key: str


def read_people(file: Path) -> tuple[Person, ...]:
    """Read a CSV table with a column ``id`` or ``email``, of which each row has another.

    Raises:
        PeopleError: with every fault of the file.
    """
    table = _Table(file)
    table.refuse_columns([name for name in OWN if name != "id"])
    column = next((name for name in NAMES if name in table.names), None)
    if column is None and table.names:
        table.faults.append(f"row 1: no column id (or email); {_HEADER}")
    people = [table.person(number, row, column or "id") for number, row in table.rows]
    if not table.rows and table.names:
        table.faults.append("no row stands below the header; write one row a person")
    table.told()
    return tuple(people)


def read_assignments(file: Path) -> tuple[Assignment, ...]:
    """Read who has which exercise; nothing where there is no such file.

    Raises:
        PeopleError: with every fault of the file.
    """
    if not file.exists():
        return ()
    table = _Table(file)
    missing = [name for name in OWN if name not in table.names]
    if table.names and missing:
        table.faults.append(f"row 1: no column {', '.join(missing)}; this is no such list")
    found = []
    for number, row in table.rows:
        person = table.person(number, row, "id")
        exercise, key = (person.others.pop(name, "") for name in OWN[1:])
        found.append(Assignment(person, exercise, key))
    table.told()
    return tuple(found)


def assignments_csv(found: Sequence[Assignment]) -> bytes:
    """Return the table of who has which exercise; the same people give the same bytes."""
    others = list(dict.fromkeys(name for one in found for name in one.person.others))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*OWN, *others])
    for one in found:
        cells = [one.person.others.get(name, "") for name in others]
        writer.writerow([one.person.id, one.exercise, one.key, *cells])
    return text.getvalue().encode()


class _Table:
    """The cells of a CSV file, and all that is wrong with them."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.faults: list[str] = []
        self.names: list[str] = []
        self.rows: list[tuple[int, list[str]]] = []
        self._seen: dict[str, int] = {}
        try:
            text = decode(file.read_bytes())
            rows = _rows(text)
        except OSError as error:
            self.faults.append(f"cannot be read ({error.strerror}); check the path")
        except RefusedError as error:
            self.faults += error.faults
        except csv.Error as error:
            self.faults.append(f"is not a CSV table ({error}); quote cells that hold a delimiter")
        else:
            self._filled(rows)

    def _filled(self, rows: Sequence[tuple[int, list[str]]]) -> None:
        if not rows:
            self.faults.append(f"the file is empty; {_HEADER}")
            return
        cells = [cell.strip() for cell in rows[0][1]]
        self.names = [c.casefold() if c.casefold() in (*NAMES, *OWN) else c for c in cells]
        doubles = sorted({n for n in self.names if n and self.names.count(n) > 1})
        self.faults += [f"row 1: the column {n} is given twice; rename one" for n in doubles]
        for number, row in rows[1:]:
            surplus = row[len(self.names) :]
            if len(row) < len(self.names) or any(cell.strip() for cell in surplus):
                self.faults.append(
                    f"row {number}: {len(row)} cells, the header has {len(self.names)}; quote "
                    "cells that hold a delimiter"
                )
            row += [""] * (len(self.names) - len(row))
            self.rows.append((number, row[: len(self.names)]))

    def refuse_columns(self, names: Sequence[str]) -> None:
        """Note the columns whose names are taken."""
        taken = [name for name in names if name in self.names]
        self.faults += [
            f"row 1: the column {name} is written by grader; rename it" for name in taken
        ]

    def person(self, number: int, row: Sequence[str], column: str) -> Person:
        """Return the person of a row; notes an id that is empty, repeated or no id."""
        cells = {n: c.strip() for n, c in zip(self.names, row, strict=True) if n}
        person = Person(cells.pop(column, ""), cells)
        if column not in self.names:
            return person
        if not person.id:
            self.faults.append(f"row {number}: the {column} is empty; fill it in")
        elif len(person.id) > LONGEST or not person.id.isprintable():
            self.faults.append(
                f"row {number}: the {column} is longer than {LONGEST} characters or holds one "
                "that cannot be printed; shorten it"
            )
        elif person.same in self._seen:
            self.faults.append(
                f"row {number}: the {column} {person.id} is that of row {self._seen[person.same]} "
                "(case does not count); keep one"
            )
        self._seen.setdefault(person.same, number)
        return person

    def told(self) -> None:
        """Raise PeopleError if there is a fault."""
        if self.faults:
            head = f"{self._file}: {len(self.faults)} to mend"
            raise PeopleError("\n".join([head, *(f"  {fault}" for fault in self.faults)]))


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Return all rows that hold something, with their numbers from 1."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    numbered = [(number, row) for number, row in enumerate(reader, 1)]
    return [(number, row) for number, row in numbered if any(cell.strip() for cell in row)]
