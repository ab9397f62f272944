"""The table of results: one row a submission, the same columns in CSV and Parquet."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import pandas as pd

from grader.records.score import Result
from grader.records.verdict import CommentVerdict

Kind = Literal["text", "points", "count", "yes-no"]
Cell = str | float | int | bool | None

_DTYPES = {"text": "string", "points": "Float64", "count": "Int64", "yes-no": "boolean"}
_VERDICTS: tuple[CommentVerdict, ...] = (
    "hit",
    "near-miss",
    "contradicted",
    "valid-unlisted",
    "undecided",
)
# A spreadsheet runs a cell that begins with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Column(NamedTuple):
    """A column's name and what its cells hold; ``points`` are points, not thousandths."""

    name: str
    kind: Kind


def columns(subscores: Sequence[str], flags: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns for a rubric's sub-scores and flags, in order."""
    text = (
        "grader", "key_sha256", "exercise_sha256", "submission_sha256", "rubric", "rubric_sha256",
        "model", "decisions_sha256",
    )  # fmt: skip
    return (
        *(Column(name, "text") for name in ("exercise", "candidate", "status")),
        *(Column(name, "points") for name in ("score", "low", "high")),
        Column("band", "text"),
        Column("dealbreaker", "yes-no"),
        *(Column(name, "points") for name in ("detection", "explanation", "judgement")),
        *(Column(_sub(name), "points") for name in subscores),
        *(Column(_flag(name), "yes-no") for name in flags),
        *(Column(name, "count") for name in ("comments", *map(_snake, _VERDICTS))),
        *(Column(name, "text") for name in ("alerts", "duplicate_of", "error", "source")),
        Column("key_version", "count"),
        *(Column(name, "text") for name in text),
    )


def row(result: Result) -> dict[str, Cell]:
    """Return the cells of one result by column; a cell that does not apply is left out."""
    cells: dict[str, Cell] = {
        "exercise": result.exercise,
        "candidate": result.candidate,
        "status": result.status,
        "duplicate_of": result.duplicate_of,
        "error": result.error,
        "source": result.source,
    }
    return cells | _score_cells(result) | _verdict_cells(result)


def _score_cells(result: Result) -> dict[str, Cell]:
    score = result.score
    if score is None:
        return {}
    cells: dict[str, Cell] = {
        "score": score.score / 1000,
        "low": score.interval.low / 1000,
        "high": score.interval.high / 1000,
        "band": score.band,
        "dealbreaker": score.dealbreaker,
        "detection": score.detection / 1000,
        "explanation": score.explanation / 1000,
        "judgement": score.judgement / 1000,
    }
    for sub in score.subscores:
        share = None if sub.points is None or not sub.of else sub.points * 100_000 // sub.of
        cells[_sub(sub.name)] = None if share is None else share / 1000
    cells |= {_flag(flag.name): flag.raised for flag in score.flags}
    return cells | score.versions.model_dump()


def _verdict_cells(result: Result) -> dict[str, Cell]:
    if result.verdicts is None:
        return {}
    counts = Counter(comment.verdict for comment in result.verdicts.comments)
    cells: dict[str, Cell] = {
        "comments": len(result.verdicts.comments),
        "alerts": "; ".join(result.verdicts.alerts) or None,
    }
    return cells | {_snake(verdict): counts[verdict] for verdict in _VERDICTS}


def frame(results: Iterable[Result], shown: Sequence[Column]) -> pd.DataFrame:
    """Return the rows as a table with one type a column, missing cells kept apart from zero."""
    rows = [row(result) for result in results]
    return pd.DataFrame(
        {
            column.name: pd.Series(
                [cells.get(column.name) for cells in rows], dtype=_DTYPES[column.kind]
            )
            for column in shown
        }
    )


def as_csv(table: pd.DataFrame, shown: Sequence[Column], header: bool) -> bytes:
    """Return the rows as CSV: points with three decimals, text that no spreadsheet would run."""
    safe = table.copy()
    for column in shown:
        if column.kind == "text":
            safe[column.name] = safe[column.name].map(harmless, na_action="ignore")
        elif column.kind == "points":
            safe[column.name] = safe[column.name].map("{:.3f}".format, na_action="ignore")
    text: str = safe.to_csv(index=False, header=header, lineterminator="\n")
    return text.encode("utf-8", "replace")


def harmless(cell: str) -> str:
    """Return the text with a leading ' where a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _snake(name: str) -> str:
    return name.replace("-", "_").replace(" ", "_")


def _sub(name: str) -> str:
    return f"sub_{_snake(name)}"


def _flag(name: str) -> str:
    return f"flag_{_snake(name)}"
