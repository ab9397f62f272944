"""The results folder: written whole or not at all, and read again for a report."""

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from grader.errors import OutputError
from grader.files import sha256
from grader.records.score import Form, Result
from grader.report.table import Column, as_csv, frame

_Stored = TypeVar("_Stored", Result, Form)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 80
_TABLE = "scores.csv"
DECISIONS = "decisions.jsonl"


class Results(NamedTuple):
    """What a report is made of. ``results`` in the order of their file names."""

    results: tuple[Result, ...]
    forms: dict[str, Form]


class ResultsFolder:
    """Writes a results folder beside its place and puts it there when all went well.

    Args:
        out: the folder; an older results folder there is replaced, anything else is refused. The
            file of decisions in an older folder is carried over.
        shown: the columns of the table.

    Raises:
        OutputError: if ``out`` holds something else or cannot be written.
    """

    def __init__(self, out: Path, shown: Sequence[Column]) -> None:
        self._out = out
        self._shown = tuple(shown)
        self._names: set[str] = set()
        self._parquet: pq.ParquetWriter | None = None

    def __enter__(self) -> "ResultsFolder":
        if self._out.exists() and not _may_replace(self._out):
            raise OutputError(
                f"{self._out}: is not empty and holds no results; choose another folder"
            )
        with _told(self._out):
            self._out.parent.mkdir(parents=True, exist_ok=True)
            self._work = Path(tempfile.mkdtemp(dir=self._out.parent, prefix=f".{self._out.name}."))
            (self._work / "forms").mkdir()
            self._csv: BinaryIO = (self._work / _TABLE).open("wb")
        self.add(())
        return self

    def add(self, results: Sequence[Result]) -> None:
        """Write the results of one batch, in the order in which they shall stand."""
        table = frame(results, self._shown)
        rows = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
        with _told(self._out):
            self._csv.write(as_csv(table, self._shown, header=self._parquet is None))
            if self._parquet is None:
                self._parquet = pq.ParquetWriter(self._work / "scores.parquet", rows.schema)
            if results:
                self._parquet.write_table(rows)
            for result in results:
                (self._work / self._name(result)).write_bytes(_stored(result))

    def add_form(self, form: Form) -> None:
        """Write what the report needs of one exercise."""
        with _told(self._out):
            (self._work / "forms" / f"{form.exercise}.json").write_bytes(form.canonical())

    def _name(self, result: Result) -> str:
        """Return a file name of its own for one result, safe on every file system."""
        stem = f"{safe(result.exercise or 'unreadable')}__{safe(result.candidate or result.source)}"
        name, number = stem, 2
        while name.casefold() in self._names:
            name, number = f"{stem}-{number}", number + 1
        self._names.add(name.casefold())
        return f"{name}.json"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with _told(self._out):
                self._csv.close()
                if self._parquet is not None:
                    self._parquet.close()
                if error is None:
                    _put(self._work, self._out)
        finally:
            shutil.rmtree(self._work, ignore_errors=True)


def _stored(result: Result) -> bytes:
    """Return the canonical text; written by pydantic itself it takes a seventh of the time."""
    return (result.model_dump_json(indent=2) + "\n").encode()


def safe(name: str) -> str:
    """Return ``name`` if it is a plain file name, else a plain one that differs for each name."""
    plain = _UNSAFE.sub("_", name).strip(".-")[:_LONGEST] or "unnamed"
    return plain if plain == name else f"{plain}-{sha256(name.encode('utf-8', 'replace'))[:8]}"


def _may_replace(folder: Path) -> bool:
    return folder.is_dir() and ((folder / _TABLE).is_file() or not any(folder.iterdir()))


def _put(work: Path, out: Path) -> None:
    """Move the finished folder to its place; a reader sees the old one or the new one."""
    work.chmod(0o755)
    if not out.exists():
        work.rename(out)
        return
    if (out / DECISIONS).exists():
        shutil.copy2(out / DECISIONS, work / DECISIONS)
    old = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.old."))
    out.rename(old)
    work.rename(out)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _told(out: Path) -> Iterator[None]:
    """Turn a fault of the file system into one that names the folder."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{out}: cannot be written ({error.strerror}); choose another place"
        ) from error


def read_results(folder: Path) -> Results:
    """Return what a results folder holds.

    Raises:
        OutputError: if it is no results folder or a file of it is damaged.
    """
    if not (folder / _TABLE).is_file():
        raise OutputError(
            f"{folder}: holds no {_TABLE}; give the folder that `grader score --out` wrote"
        )
    faults: list[str] = []
    results = _read_all(Result, folder, faults)
    forms = _read_all(Form, folder / "forms", faults)
    if faults:
        raise OutputError("\n".join([f"{folder}: score the submissions again", *faults]))
    return Results(tuple(results), {form.exercise: form for form in forms})


def read_result(path: Path) -> tuple[Result, Form]:
    """Return one stored result with the form it is about, which lies in the folder beside it.

    Raises:
        OutputError: if it is no result of `grader score`, or was taken out of its folder.
    """
    try:
        result = Result.model_validate_json(path.read_bytes())
        form = path.parent / "forms" / f"{result.exercise}.json"
        return result, Form.model_validate_json(form.read_bytes())
    except ValidationError as error:
        raise OutputError(
            f"{path}: is no answer key and no result of `grader score`; give one of them"
        ) from error
    except OSError as error:
        raise OutputError(
            f"{path}: its exercise cannot be read ({error.strerror}: {error.filename}); "
            "give the result in the folder that `grader score --out` wrote"
        ) from error


def _read_all(kind: type[_Stored], folder: Path, faults: list[str]) -> list[_Stored]:
    """Read every JSON file of a folder in the order of names; faults are added to the list."""
    values = []
    for path in sorted(folder.glob("*.json")):
        try:
            values.append(kind.model_validate_json(path.read_bytes()))
        except ValidationError as error:
            faults.append(f"  {path.name}: is damaged ({error.error_count()} faults)")
        except OSError as error:
            faults.append(f"  {path.name}: cannot be read ({error.strerror})")
    return values
