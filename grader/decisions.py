"""The file of decisions: one JSON line a decision, appended, chained, never rewritten."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from grader.errors import DecisionsError
from grader.files import sha256
from grader.records.decision import Decision, Ruling
from grader.records.verdict import CommentVerdict

NAME = "decisions.jsonl"
_START = "0" * 64

Now = datetime


class Subject(NamedTuple):
    """What a decision is about: one comment of one submission, by its bytes."""

    exercise: str
    candidate: str
    submission_sha256: str
    comment: int


class Reason(NamedTuple):
    """Who decides, and why."""

    who: str
    why: str


class Decisions:
    """All decisions of a results folder; the last one on a comment holds.

    Args:
        path: the file; it need not be there yet.

    Raises:
        DecisionsError: if a line is damaged or was changed; all faults at once.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._all = _read(path)
        self._last = {_subject(one): one for one in self._all}
        self._head = _digest(self._all[-1]) if self._all else _START

    def __len__(self) -> int:
        return len(self._all)

    def of(self, exercise: str, candidate: str, submission_sha256: str) -> dict[int, Decision]:
        """Return the decision in force on each comment of a submission, by its index."""
        mine = (exercise, candidate, submission_sha256)
        return {s.comment: d for s, d in self._last.items() if s[:3] == mine}

    def append(
        self,
        subject: Subject,
        was: CommentVerdict,
        ruling: Ruling,
        reason: Reason,
        like: int | None = None,
    ) -> Decision:
        """Write a decision to the disk and return it.

        Raises:
            DecisionsError: if it cannot be written; then it does not hold.
        """
        made = Decision(
            number=len(self._all) + 1,
            when=Now.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            who=reason.who,
            why=reason.why,
            **subject._asdict(),
            was=was,
            ruling=ruling,
            like=like,
            previous=self._head,
        )
        try:
            with self._path.open("ab") as file:
                file.write(_line(made) + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DecisionsError(
                f"{self._path}: the decision was not written ({error.strerror}); it does not hold"
            ) from error
        self._all.append(made)
        self._last[subject] = made
        self._head = _digest(made)
        return made


def digest_of(decisions: Mapping[int, Decision]) -> str | None:
    """Return the SHA-256 over the rulings in force on a submission; None without any."""
    if not decisions:
        return None
    return sha256(b"\n".join(_line(decisions[index]) for index in sorted(decisions)))


def _read(path: Path) -> list[Decision]:
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DecisionsError(f"{path}: cannot be read ({error.strerror})") from error
    found: list[Decision] = []
    faults: list[str] = []
    before = _START
    for number, line in enumerate(lines, 1):
        try:
            one = Decision.model_validate_json(line)
        except ValidationError:
            faults.append(f"  line {number}: is no decision")
            before = sha256(line)
            continue
        if one.number != number or one.previous != before:
            faults.append(f"  line {number}: does not follow the line before it")
        before = sha256(line)
        found.append(one)
    if faults:
        told = f"{path}: was changed or is damaged; restore it from a copy"
        raise DecisionsError("\n".join([told, *faults]))
    return found


def _subject(one: Decision) -> Subject:
    return Subject(one.exercise, one.candidate, one.submission_sha256, one.comment)


def _line(one: Decision) -> bytes:
    return json.dumps(
        one.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def _digest(one: Decision) -> str:
    return sha256(_line(one))
