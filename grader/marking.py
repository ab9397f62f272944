"""From verdicts and a person's decisions to the result that is stored for one submission."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version

from grader.decisions import digest_of
from grader.keyring import LoadedKey
from grader.match.overrule import overrule
from grader.records.decision import Decision
from grader.records.score import Form, Result, ScoreVersions
from grader.records.submission import Submission
from grader.records.verdict import Verdicts
from grader.score.rubric import Rubric
from grader.score.score import score

DISTRIBUTION = "ml-review-grader"


def mark(
    source: str,
    submission: Submission,
    key: LoadedKey,
    judged: Verdicts,
    rubric: Rubric,
    decisions: Mapping[int, Decision],
) -> Result:
    """Return the result of one submission.

    Args:
        source: how the submission is called in the results.
        submission: the review as it was read.
        key: the key that it was matched with.
        judged: what the matcher made of it.
        rubric: the rules of the score.
        decisions: the decision in force on each of its comments, by index.
    """
    final = overrule(judged, decisions)
    versions = ScoreVersions(
        grader=_grader_version(),
        key_version=key.key.key_version,
        key_sha256=key.sha256,
        exercise_sha256=key.key.exercise_sha256,
        submission_sha256=submission.sha256,
        rubric=rubric.label,
        rubric_sha256=rubric.sha256,
        model=judged.model,
        decisions_sha256=digest_of(decisions),
    )
    return Result(
        source=source,
        status="scored",
        exercise=submission.exercise,
        candidate=submission.candidate,
        score=score(final, rubric, versions),
        verdicts=final,
        submission=submission,
        notices=submission.notices,
    )


def form_of(loaded: LoadedKey) -> Form:
    """Return what a report needs of an exercise and its key."""
    key = loaded.key
    return Form(
        exercise=key.exercise,
        title=key.title,
        scenario=key.scenario,
        level=key.level,
        program=key.program,
        items=key.items,
        decoys=key.decoys,
    )


@cache
def _grader_version() -> str:
    return version(DISTRIBUTION)
