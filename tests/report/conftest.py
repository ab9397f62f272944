"""A small exercise with one review of it, judged and scored."""

from collections.abc import Callable

import pytest

from grader.files import sha256
from grader.records.base import Lines
from grader.records.key import Claim, KeyDecoy, KeyItem, Place
from grader.records.score import Form, Result, ScoreVersions
from grader.records.submission import Notice
from grader.records.verdict import Evidence, JudgedComment, JudgedItem, Verdicts
from grader.score.rubric import load_rubric
from grader.score.score import score

PROGRAM = '''\
"""Rank customers."""
import pandas as pd

frame = pd.read_csv("/home/ann/rows.csv")
frame = scaler.fit_transform(frame)
train, test = train_test_split(frame)
limit = 0.37
print(accuracy_score(test, train < limit))
'''
PROOF = Claim(oracle="influence", claim="the model changes", status="proved", evidence="It moved.")


def _place(line: int, role: str = "main") -> Place:
    snippet = PROGRAM.splitlines()[line - 1]
    return Place(role=role, lines=Lines(start=line, end=line), snippet=snippet)  # type: ignore[arg-type]


def _item(number: int, line: int, title: str, *landmarks: int) -> KeyItem:
    return KeyItem(
        id=f"F{number}",
        kind=title.lower().replace(" ", "_"),
        kind_id=f"MLR10{number}",
        category="leakage",
        severity="critical",
        anchor="span",
        title=title,
        places=(_place(line), *(_place(mark, "landmark") for mark in landmarks)),
        wrong=f"Wrong of {title}.",
        harm=f"Harm of {title}.",
        fix=f"Fix of {title}.",
        said_well=("Said well.",),
        near_misses=(),
        identifiers=(),
        proof=PROOF,
    )


@pytest.fixture(scope="session")
def form() -> Form:
    return Form(
        exercise="churn-1",
        title="Customer churn",
        scenario="churn",
        level="mid",
        program=PROGRAM,
        items=(_item(1, 5, "Scaler before split", 6), _item(2, 8, "Accuracy on rare class")),
        decoys=(
            KeyDecoy(
                id="D1",
                kind="plain_limit",
                kind_id="MLD101",
                looks_like="configuration",
                title="Limit from the contract",
                places=(_place(7),),
                sound_because="The contract fixes it.",
                said_badly=(),
                proof=PROOF,
            ),
        ),
    )


def _judged(index: int, text: str, line: int | None, verdict: str, item: str | None = None):
    return JudgedComment.model_validate(
        {
            "index": index,
            "text": text,
            "lines": None if line is None else {"start": line, "end": line},
            "place": "program.py" if line is None else f"program.py:{line}",
            "verdict": verdict,
            "item": item,
            "says_why": verdict == "hit",
            "evidence": Evidence(rule="claim-at-place", reason="The claim fits.").model_dump(),
        }
    )


@pytest.fixture(scope="session")
def result(form: Form) -> Callable[..., Result]:
    """Make a result: a hit on F1, a contradicted comment on D1, and a general one."""

    def make(
        candidate: str = "ada",
        text: str = "The scaler sees the test rows.",
        duplicate_of: str | None = None,
        credit: int = 1000,
        alerts: tuple[str, ...] = (),
    ) -> Result:
        hit, leak = form.items[0], form.items[1]
        base = {"kind": "made", "category": "leakage", "severity": "critical"}
        verdicts = Verdicts(
            exercise=form.exercise,
            candidate=candidate,
            model="made",
            comments=(
                _judged(0, text, 5, "hit" if credit == 1000 else "near-miss", "F1"),
                _judged(1, "A magic number.", 7, "contradicted", "D1"),
                _judged(2, "Nice work.", None, "empty"),
            ),
            items=(
                JudgedItem(
                    item="F1", title=hit.title, credit=credit, says_why=True, comment=0,
                    reason="Fits.", **base,  # type: ignore[arg-type]
                ),
                JudgedItem(item="F2", title=leak.title, credit=0, reason="Nobody said it.", **base),  # type: ignore[arg-type]
            ),
            decoys=1,
            alerts=alerts,
        )  # fmt: skip
        rubric = load_rubric()
        versions = ScoreVersions(
            grader="1",
            key_version=1,
            key_sha256=sha256(b"key"),
            exercise_sha256=sha256(b"exercise"),
            submission_sha256=sha256(candidate.encode("utf-8", "replace")),
            rubric=rubric.label,
            rubric_sha256=rubric.sha256,
            model="made",
        )
        return Result(
            source=f"{candidate}.json",
            status="scored",
            exercise=form.exercise,
            candidate=candidate,
            score=score(verdicts, rubric, versions),
            verdicts=verdicts,
            notices=(Notice(source="row 4", message="an unknown severity was left out"),),
            duplicate_of=duplicate_of,
        )

    return make


@pytest.fixture(scope="session")
def failed() -> Result:
    return Result(source="broken.csv", status="error", error="broken.csv: 1 fault\n  row 7: line")
