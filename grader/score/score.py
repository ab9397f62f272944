"""The stage-3 score of one submission: pure, exact, and explained."""

from grader.records.score import Interval, Score, ScoreVersions
from grader.records.verdict import Verdicts
from grader.score.arithmetic import arithmetic
from grader.score.band import missed_dealbreaker, recommend
from grader.score.flags import flags
from grader.score.interval import effective_items, ends, if_open_comments_hold
from grader.score.points import Shares, parts
from grader.score.rubric import Rubric
from grader.score.subscores import subscores
from grader.score.tally import (
    Tally,
    detection_share,
    explanation_share,
    judgement_share,
    tally,
)


def score(verdicts: Verdicts, rubric: Rubric, versions: ScoreVersions) -> Score:
    """Return the score of one submission, 0 to 100000 thousandths of a point.

    The same verdicts, rubric and versions give the same value on every machine; the order of the
    comments changes nothing but the indexes in the flags.
    """
    figures = tally(verdicts, rubric)
    shares = Shares(
        detection=detection_share(figures.entries),
        explanation=explanation_share(figures.entries),
        judgement=judgement_share(figures.noise, rubric),
    )
    points = parts(shares, rubric)
    interval = _interval(figures, rubric)
    recommendation = recommend(figures, interval.low, verdicts, rubric)
    return Score(
        exercise=verdicts.exercise,
        candidate=verdicts.candidate,
        score=points.total,
        detection=points.detection,
        explanation=points.explanation,
        judgement=points.judgement,
        interval=interval,
        band=recommendation.band,
        band_reason=recommendation.reason,
        dealbreaker=missed_dealbreaker(verdicts, rubric),
        flags=flags(verdicts, rubric),
        subscores=subscores(figures, points, rubric),
        arithmetic=arithmetic(figures, points, rubric),
        versions=versions,
    )


def _interval(figures: Tally, rubric: Rubric) -> Interval:
    """Return the interval; undecided comments can only add to its high end."""
    base = ends(figures.entries, figures.noise, rubric)
    filled = if_open_comments_hold(figures.entries, figures.undecided, 0, rubric)
    opened = ends(filled, figures.noise, rubric) if figures.undecided else base
    equal = effective_items(figures.entries)
    because = [
        f"Item sampling: {len(figures.entries)} flaws of unequal weight are as precise as "
        f"{int(equal)}.{int(equal * 10) % 10} equal ones (Wilson interval, "
        f"z = {rubric.interval.z / 1000:g}).",
        f"Form difficulty: ± {rubric.interval.form_difficulty / 1000:g} points, taken for every "
        "exercise until forms are calibrated.",
    ]
    if opened.high > base.high:
        because.append(
            f"Undecided comments: {figures.undecided}, which could add up to "
            f"{(opened.high - base.high) / 1000:.1f} points to the high end."
        )
    return Interval(low=base.low, high=max(base.high, opened.high), because=tuple(because))
