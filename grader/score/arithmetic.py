"""The score in words and figures, so that a person can compute it again by hand."""

from grader.score.points import Parts
from grader.score.rubric import Rubric
from grader.score.tally import Entry, Tally, cost, decoys, earned, total_weight


def arithmetic(figures: Tally, points: Parts, rubric: Rubric) -> tuple[str, ...]:
    """Return the lines that lead from the credited flaws to the score."""
    return (
        *_detection(figures, points, rubric),
        *_explanation(figures, points, rubric),
        *_judgement(figures, points, rubric),
        f"Score: {_milli(points.detection)} + {_milli(points.explanation)} + "
        f"{_milli(points.judgement)} = {_milli(points.total)} of 100.",
    )


def _found(figures: Tally) -> list[tuple[str, Entry]]:
    """Return the credited flaws: their titles with their figures."""
    pairs = zip(figures.items, figures.entries, strict=True)
    return [(f"{item.title} ({item.severity})", entry) for item, entry in pairs if entry.credit]


def _detection(figures: Tally, points: Parts, rubric: Rubric) -> list[str]:
    weights, whole = rubric.severity, total_weight(figures.entries)
    lines = [
        f"Weights: a critical flaw {weights.critical}, a major {weights.major}, a minor "
        f"{weights.minor}; the {len(figures.entries)} keyed flaws weigh {whole} together."
    ]
    lines += [
        f"Found: {title}: {entry.weight} × credit {_milli(entry.credit)} = "
        f"{_milli(entry.weight * entry.credit)}."
        for title, entry in _found(figures)
    ]
    lines.append(
        f"Detection: {rubric.weights.detection} × {_milli(earned(figures.entries))} / {whole} = "
        f"{_milli(points.detection)}."
    )
    return lines


def _explanation(figures: Tally, points: Parts, rubric: Rubric) -> list[str]:
    shares = rubric.explanation
    lines = [
        f"Explanation of a found flaw: named {_milli(shares.named)}, says why "
        f"{_milli(shares.why)}, says what to do {_milli(shares.fix)}; weighted by its credit."
    ]
    explained = 0
    for title, entry in _found(figures):
        worth = entry.weight * entry.credit
        explained += worth * entry.explained
        lines.append(
            f"Explained: {title}: {_milli(worth)} × {_milli(entry.explained)} = "
            f"{_micro(worth * entry.explained)}."
        )
    if not earned(figures.entries):
        return [*lines, "Explanation: no flaw was found, so 0."]
    lines.append(
        f"Explanation: {rubric.weights.explanation} × {_micro(explained)} / "
        f"{_milli(earned(figures.entries))} × {_scale(figures, rubric)} = "
        f"{_milli(points.explanation)}."
    )
    return lines


def _judgement(figures: Tally, points: Parts, rubric: Rubric) -> list[str]:
    noise, costs = figures.noise, rubric.costs
    spent, counted = _milli(cost(noise, rubric)), decoys(noise, rubric)
    return [
        f"Wrong comments: {noise.contradicted} contradicted × {_milli(costs.contradicted)} + "
        f"{noise.generic} generic × {_milli(costs.generic)} + {noise.over_budget} over budget × "
        f"{_milli(costs.over_budget)} = {spent}, against {counted} decoys "
        f"({noise.decoys} planted, at least {costs.least_decoys} counted).",
        f"Judgement: {rubric.weights.judgement} × max(0, 1 - {spent} / {counted}) × "
        f"{_scale(figures, rubric)} = {_milli(points.judgement)}.",
    ]


def _scale(figures: Tally, rubric: Rubric) -> str:
    found = f"{_milli(earned(figures.entries))} / {total_weight(figures.entries)}"
    return f"min(1, {found} / {_milli(rubric.full.detection_share)})"


def _milli(value: int) -> str:
    return f"{value // 1000}.{value % 1000:03d}"


def _micro(value: int) -> str:
    """Write millionths; six decimals, so that nothing is lost."""
    return f"{value // 10**6}.{value % 10**6:06d}"
