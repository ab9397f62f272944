"""Whole reviews with what readers say of every comment, and what the matcher makes of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.files import sha256
from grader.keyring import Keyring, LoadedKey
from grader.marking import mark
from grader.match.match import match_all
from grader.match.model import load_model
from grader.records.decision import Decision, Ruling
from grader.records.submission import Comment, Submission
from grader.records.verdict import Verdicts
from grader.score.rubric import load_rubric

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases" / "reviews"
READERS = ("L1", "L2")
CREDITED = ("hit", "duplicate")


@dataclass(frozen=True)
class Label:
    """What a reader says of one comment."""

    verdict: str
    items: tuple[str, ...]
    why: bool
    fix: bool

    @property
    def credits(self) -> bool:
        """Whether it says that the comment tells a flaw of the key."""
        return self.verdict in CREDITED


@dataclass(frozen=True)
class Case:
    """One labelled review with what the matcher makes of it."""

    author: str
    level: int
    key: LoadedKey
    submission: Submission
    verdicts: Verdicts
    labels: dict[str, tuple[Label, ...]]

    @property
    def final(self) -> tuple[Label, ...]:
        """The settled labels."""
        return self.labels["final"]


def cases(half: str) -> list[Case]:
    """Return the labelled reviews of a half."""
    ring = Keyring(ROOT / "answer_keys")
    found = []
    for path in sorted((CASES / half).glob("A*/*.json")):
        review = json.loads(path.read_text("utf-8"))
        key = ring.get(review["exercise"])
        if review["program_sha256"] != key.key.program_sha256:
            raise SystemExit(f"{path}: was written on another text of the program")
        labels = {}
        for reader in (*READERS, "final"):
            told = CASES / "labels" / reader / path.parent.name / path.name
            if told.exists():
                labels[reader] = _labels(told, len(review["comments"]))
        if "final" in labels:
            found.append((review, key, _submission(review), labels))
    judged = match_all([(key.key, submission) for _, key, submission, _ in found], load_model())
    return [
        Case(review["author"], review["level"], key, submission, verdicts, labels)
        for (review, key, submission, labels), verdicts in zip(found, judged, strict=True)
    ]


def _labels(path: Path, count: int) -> tuple[Label, ...]:
    told = json.loads(path.read_text("utf-8"))["labels"]
    if [one["index"] for one in told] != list(range(count)):
        raise SystemExit(f"{path}: has not one label a comment, in order")
    return tuple(Label(t["verdict"], tuple(t["items"]), t["why"], t["fix"]) for t in told)


def _submission(review: dict[str, Any]) -> Submission:
    comments = tuple(
        Comment(
            text=c["comment"], file="program.py", line=c.get("line"), end_line=c.get("end_line")
        )
        for c in review["comments"]
    )
    return Submission(
        exercise=review["exercise"], candidate=review["author"], format="json",
        sha256=sha256(json.dumps(review).encode()), comments=comments,
    )  # fmt: skip


def points(case: Case, labels: Sequence[Label] | None) -> float:
    """Return the points of a review by the matcher, or by a reader's labels."""
    ruled = {} if labels is None else {n: _decision(case, n, one) for n, one in enumerate(labels)}
    result = mark("case", case.submission, case.key, case.verdicts, load_rubric(None), ruled)
    assert result.score is not None
    return result.score.score / 1000


def _decision(case: Case, index: int, label: Label) -> Decision:
    known = {i.id for i in case.key.key.items}
    decoys = {d.id for d in case.key.key.decoys}
    verdict, items = label.verdict, tuple(i for i in label.items if i in known)
    if verdict == "duplicate":
        # Read on its own a duplicate says the flaw; the credit goes to the best that says it.
        verdict = "hit"
    if verdict == "contradicted":
        items = tuple(i for i in label.items if i in decoys)
    if verdict in ("hit", "near-miss") and not items:
        verdict = "valid-unlisted"
    if verdict not in ("hit", "near-miss", "contradicted"):
        items = ()
    ruling = {"verdict": verdict, "items": items, "says_why": label.why, "says_fix": label.fix}
    return Decision(
        number=index + 1, when="2026-01-01T00:00:00Z", who="reader", why="label",
        exercise=case.submission.exercise, candidate=case.submission.candidate,
        submission_sha256=case.submission.sha256, comment=index, was="undecided",
        ruling=Ruling.model_validate(ruling), previous="0" * 64,
    )  # fmt: skip
