"""Sub-scores: what was found, by what the framework looks for."""

from grader.records.score import SubScore
from grader.score.points import Parts
from grader.score.rubric import Rubric, SubscoreRule
from grader.score.tally import Tally, earned, total_weight

COMMUNICATION = "communication"


def subscores(figures: Tally, points: Parts, rubric: Rubric) -> tuple[SubScore, ...]:
    """Return each sub-score; None where nothing of it was keyed.

    They count severity weights in thousandths, as detection does: a critical flaw is 5000 of 5000.
    A category may show two things, so they need not sum to the whole. Communication is the
    explanation part, in thousandths of a point.
    """
    detected = tuple(_subscore(rule, figures) for rule in rubric.subscores)
    explained = SubScore(
        name=COMMUNICATION,
        points=points.explanation if figures.entries else None,
        of=rubric.weights.explanation * 1000,
    )
    return (*detected, explained)


def _subscore(rule: SubscoreRule, figures: Tally) -> SubScore:
    chosen = [
        entry
        for item, entry in zip(figures.items, figures.entries, strict=True)
        if item.category in rule.categories
    ]
    if not chosen:
        return SubScore(name=rule.name, points=None, of=0)
    return SubScore(name=rule.name, points=earned(chosen), of=1000 * total_weight(chosen))


def subscore_names(rubric: Rubric) -> tuple[str, ...]:
    """Return the names of all sub-scores in order."""
    return (*(rule.name for rule in rubric.subscores), COMMUNICATION)
