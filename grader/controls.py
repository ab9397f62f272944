"""The controls of an exercise: four reviews whose fair score is known beforehand.

``oracle`` says the key in good words and must get nearly all; ``echo`` copies the flawed lines,
``silent`` says nothing and ``shotgun`` says everything everywhere: none of them shows any skill.
"""

from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from grader.files import sha256
from grader.match.match import match_all
from grader.match.model import Model
from grader.records.key import AnswerKey, Place
from grader.records.score import ScoreVersions
from grader.records.submission import Comment, Submission
from grader.score.rubric import load_rubric
from grader.score.score import score
from grader.spans import split_lines

PROGRAM = "program.py"
GENERIC = "There are several issues with this code, it should follow best practices and be tested."
PITFALLS = (
    "Possible problems here: data leakage, no cross-validation, hardcoded paths and "
    "hyperparameters, inconsistent or missing random seeds, missing error handling, no input "
    "validation, train/serve skew, misleading metric, overfitting, duplicated code."
)
CLAIMS = {
    "leakage": "Data leakage: this is fitted before the split, so test data leaks into training.",
    "evaluation": "No cross-validation here, the score is computed on one split only.",
    "statistics": "The metric is misleading for imbalanced classes.",
    "reproducibility": "The random seed is missing, the result is not reproducible.",
    "configuration": "Hardcoded path and hyperparameters, move them to a config.",
    "error-handling": "No error handling: the exception is swallowed.",
    "validation": "The input data is not validated.",
    "serving": "Training and serving compute this differently, train/serve skew.",
    "data-handling": "Chained assignment, the result is thrown away.",
    "maintainability": "Duplicated code, refactor it into a function.",
    "security": "A secret is written in the code, security problem.",
}


class Control(NamedTuple):
    """One control review: its name, and the points it must get at least and at most."""

    name: str
    least: int
    most: int


CONTROLS = (
    Control("oracle", 95, 100),
    Control("said-well", 90, 100),
    Control("echo", 0, 5),
    Control("silent", 0, 0),
    Control("shotgun-same", 0, 5),
    Control("shotgun-list", 0, 5),
    Control("shotgun-all", 0, 10),
)


def control_comments(name: str, key: AnswerKey) -> list[Comment]:
    """Return the comments of one control review.

    Raises:
        KeyError: if there is no control of that name.
    """
    lines = len(split_lines(key.program))
    made: dict[str, Iterator[Comment]] = {
        "oracle": (_at(i.places[0], f"{i.wrong} {i.harm} {i.fix}") for i in key.items),
        "said-well": (_at(i.places[0], f"{i.said_well[0]} {i.fix}") for i in key.items),
        "echo": (_at(i.places[0], i.places[0].snippet) for i in key.items),
        "silent": iter(()),
        "shotgun-same": (_on(line, GENERIC) for line in range(1, lines + 1)),
        "shotgun-list": (_on(line, PITFALLS) for line in range(1, lines + 1, 5)),
        "shotgun-all": (
            _on(line, claim) for line in range(1, lines + 1, 3) for claim in CLAIMS.values()
        ),
    }
    return list(made[name])


def control_points(keys: list[AnswerKey], model: Model) -> dict[str, list[float]]:
    """Return the points of each control on each exercise, in the order of the keys."""
    rubric = load_rubric(None)
    found: dict[str, list[float]] = {}
    for control in CONTROLS:
        pairs = [(key, _submission(control.name, key)) for key in keys]
        judged = match_all(pairs, model)
        found[control.name] = [
            score(verdicts, rubric, _versions(key)).score / 1000
            for verdicts, key in zip(judged, keys, strict=True)
        ]
    return found


def spread(values: list[float]) -> tuple[float, float, float]:
    """Return least, median and greatest."""
    return min(values), median(values), max(values)


def _submission(name: str, key: AnswerKey) -> Submission:
    return Submission(
        exercise=key.exercise,
        candidate=name,
        format="json",
        sha256=sha256(name.encode()),
        comments=tuple(control_comments(name, key)),
    )


def _versions(key: AnswerKey) -> ScoreVersions:
    nothing = sha256(b"")
    return ScoreVersions(
        grader=key.versions.grader,
        key_version=key.key_version,
        key_sha256=nothing,
        exercise_sha256=key.exercise_sha256,
        submission_sha256=nothing,
        rubric="default",
        rubric_sha256=nothing,
        model="control",
    )


def _at(place: Place, text: str) -> Comment:
    return Comment(text=text, file=PROGRAM, line=place.lines.start, end_line=place.lines.end)


def _on(line: int, text: str) -> Comment:
    return Comment(text=text, file=PROGRAM, line=line, end_line=line)
