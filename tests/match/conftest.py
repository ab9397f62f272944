"""A small answer key made by hand, and comments on it."""

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import settings

from grader.match.match import match
from grader.match.model import Model, load_model
from grader.match.normalise import ProgramText
from grader.records.key import AnswerKey, Claim, KeyDecoy, KeyItem, Versions
from grader.records.submission import Comment, Submission
from grader.records.verdict import JudgedComment, Verdicts

# How long an example takes says something of the machine, nothing of the claim.
settings.register_profile("untimed", deadline=None, max_examples=40)
settings.load_profile("untimed")

HERE = Path(__file__).parent
WEIGHT = {"critical": 5, "major": 3, "minor": 1}
PROVED = Claim(oracle="none", claim="made by hand", status="proved")


def _places(table: Sequence[tuple[str, int, int]]) -> list[dict[str, object]]:
    return [
        {"role": role, "lines": {"start": start, "end": end}, "snippet": ""}
        for role, start, end in table
    ]


def _key() -> AnswerKey:
    data = tomllib.loads((HERE / "churn.toml").read_text(encoding="utf-8"))
    items = tuple(
        KeyItem.model_validate(
            {
                **item,
                "id": f"item-{item['kind']}",
                "kind_id": "MLR000",
                "title": item["kind"].replace("_", " "),
                "places": _places(item["places"]),
                "proof": PROVED,
            }
        )
        for item in data["items"]
    )
    decoys = tuple(
        KeyDecoy.model_validate(
            {
                **decoy,
                "id": f"decoy-{decoy['kind']}",
                "kind_id": "MLD000",
                "title": decoy["kind"].replace("_", " "),
                "places": _places(decoy["places"]),
                "proof": PROVED,
            }
        )
        for decoy in data["decoys"]
    )
    return AnswerKey(
        exercise="churn-hand", title="Churn", scenario="churn", level="mid", secret="0" * 64,
        secret_kind="demo",
        versions=Versions(grader="0", libcst="0", black="0", numpy="0", pandas="0"),
        exercise_sha256="0" * 64, program_sha256="0" * 64,
        program=(HERE / "churn.txt").read_text(encoding="utf-8"), cells=(), items=items,
        decoys=decoys,
    )  # fmt: skip


class Desk:
    """Everything a test needs to write comments on the hand-made key and have them judged."""

    def __init__(self, key: AnswerKey, model: Model) -> None:
        self.key = key
        self.model = model
        self.lines = key.program.split("\n")
        self.program = ProgramText(self.lines)
        self.items = {item.kind: item for item in key.items}

    def at(self, kind: str, text: str, shift: int = 0) -> Comment:
        """Return a comment at the main place of an item or decoy, ``shift`` lines off."""
        for one in (*self.key.items, *self.key.decoys):
            if one.kind == kind:
                return self.on(one.places[0].lines.start + shift, text)
        raise AssertionError(kind)

    def on(self, line: int, text: str, end: int | None = None) -> Comment:
        """Return a comment on a line."""
        return Comment(text=text, file="review.py", line=line, end_line=end)

    def submit(self, *comments: Comment) -> Submission:
        """Return a submission of these comments."""
        return Submission(
            exercise=self.key.exercise, candidate="c-1", format="json", sha256="0" * 64,
            comments=comments,
        )  # fmt: skip

    def judge(self, *comments: Comment) -> Verdicts:
        """Return the verdicts on these comments."""
        return match(self.key, self.submit(*comments), self.model)

    def one(self, comment: Comment) -> JudgedComment:
        """Return the verdict on a comment that stands alone."""
        return self.judge(comment).comments[0]

    def share(self, verdicts: Verdicts) -> int:
        """Return the severity-weighted share of credit, in thousandths."""
        total = sum(WEIGHT[item.severity] for item in self.key.items)
        won = sum(item.credit * WEIGHT[item.severity] for item in verdicts.items)
        return won // total


@pytest.fixture(scope="session")
def desk() -> Desk:
    """Return the desk of the hand-made key with the shipped model."""
    return Desk(_key(), load_model())


@pytest.fixture(scope="session")
def verdict_of(desk: Desk) -> Callable[[str, str], str]:
    """Return a function from (kind, text) to the verdict of that comment alone at its place."""
    return lambda kind, text: desk.one(desk.at(kind, text)).verdict
