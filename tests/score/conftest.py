"""Verdicts made by hand, a line a flaw."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import pytest

from grader.files import sha256
from grader.records.score import Score, ScoreVersions
from grader.records.verdict import (
    CommentVerdict,
    Evidence,
    JudgedComment,
    JudgedItem,
    Verdicts,
)
from grader.score.rubric import Rubric, load_rubric
from grader.score.score import score
from seeded_bugs.words import Category, Severity


class Flaw(NamedTuple):
    """A keyed flaw and what became of it."""

    category: Category = "leakage"
    severity: Severity = "critical"
    credit: int = 0
    why: bool = True
    fix: bool = True
    text: str = "The scaler sees the test rows; split first."


def _comment(index: int, verdict: CommentVerdict, **fields: object) -> JudgedComment:
    given = {"text": f"remark {index}", "category": None} | fields
    category = given.pop("category")
    return JudgedComment.model_validate(
        {
            "index": index,
            "lines": None,
            "place": "program.py",
            "verdict": verdict,
            "evidence": Evidence(rule="made", reason="made", category=category).model_dump(),
        }
        | given
    )


def _verdicts(
    flaws: Sequence[Flaw],
    others: Mapping[CommentVerdict, int] | None = None,
    decoys: int = 4,
    further: Sequence[Mapping[str, object]] = (),
) -> Verdicts:
    """Judge: each credited flaw by a comment of its own, then so many comments of each verdict."""
    comments: list[JudgedComment] = []
    items = []
    for number, flaw in enumerate(flaws, 1):
        index = len(comments) if flaw.credit else None
        if flaw.credit:
            comments.append(
                _comment(
                    len(comments),
                    "hit" if flaw.credit == 1000 else "near-miss",
                    text=flaw.text,
                    item=f"F{number}",
                    says_why=flaw.why,
                    says_fix=flaw.fix,
                )
            )
        items.append(
            JudgedItem(
                item=f"F{number}",
                kind="made_up",
                category=flaw.category,
                severity=flaw.severity,
                title=f"Flaw {number}",
                credit=flaw.credit,
                says_why=bool(flaw.credit) and flaw.why,
                says_fix=bool(flaw.credit) and flaw.fix,
                comment=index,
                reason="made",
            )
        )
    for verdict, count in (others or {}).items():
        for _ in range(count):
            comments.append(_comment(len(comments), verdict))
    for fields in further:
        comments.append(_comment(len(comments), **fields))  # type: ignore[arg-type]
    return Verdicts(
        exercise="churn-1",
        candidate="ada",
        model="made",
        comments=tuple(comments),
        items=tuple(items),
        decoys=decoys,
    )


@pytest.fixture(scope="session")
def flaw() -> type[Flaw]:
    return Flaw


@pytest.fixture(scope="session")
def judge() -> Callable[..., Verdicts]:
    return _verdicts


@pytest.fixture(scope="session")
def rubric() -> Rubric:
    return load_rubric()


@pytest.fixture(scope="session")
def versions(rubric: Rubric) -> ScoreVersions:
    return ScoreVersions(
        grader="1",
        key_version=1,
        key_sha256=sha256(b"key"),
        exercise_sha256=sha256(b"exercise"),
        submission_sha256=sha256(b"submission"),
        rubric=rubric.label,
        rubric_sha256=rubric.sha256,
        model="made",
    )


@pytest.fixture(scope="session")
def scored(rubric: Rubric, versions: ScoreVersions) -> Callable[[Verdicts], Score]:
    return lambda verdicts: score(verdicts, rubric, versions)
