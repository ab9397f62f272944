"""What the verdicts of one submission amount to, before any points are given."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from grader.records.decision import is_open
from grader.records.verdict import CommentVerdict, JudgedComment, JudgedItem, Verdicts
from grader.score.rubric import Rubric


class Entry(NamedTuple):
    """One keyed flaw in figures: its weight, its credit and explanation in thousandths."""

    weight: int
    credit: int
    explained: int


class Noise(NamedTuple):
    """How many comments cost judgement, and against how many decoys they are held."""

    contradicted: int
    generic: int
    over_budget: int
    decoys: int


class Tally(NamedTuple):
    """The figures of one submission. ``entries`` stand in key order, as ``items`` do."""

    items: tuple[JudgedItem, ...]
    entries: tuple[Entry, ...]
    noise: Noise
    undecided: int
    unlisted: int


def tally(verdicts: Verdicts, rubric: Rubric) -> Tally:
    """Return the figures that the points are made of."""
    by_index = {comment.index: comment for comment in verdicts.comments}
    counts = Counter(comment.verdict for comment in verdicts.comments)
    return Tally(
        items=verdicts.items,
        entries=tuple(_entry(item, by_index, rubric) for item in verdicts.items),
        noise=_noise(verdicts, counts, rubric),
        undecided=counts["undecided"],
        unlisted=sum(is_open(c) for c in verdicts.comments) - counts["undecided"],
    )


def _entry(item: JudgedItem, by_index: dict[int, JudgedComment], rubric: Rubric) -> Entry:
    credit = min(item.credit, 1000)
    taken_by = by_index.get(item.comment) if item.comment is not None else None
    if taken_by is not None and taken_by.verdict == "near-miss":
        credit = min(credit, rubric.near_miss.cap)
    shares = rubric.explanation
    explained = shares.named + shares.why * item.says_why + shares.fix * item.says_fix
    return Entry(getattr(rubric.severity, item.severity), credit, explained if credit else 0)


def _noise(verdicts: Verdicts, counts: Counter[CommentVerdict], rubric: Rubric) -> Noise:
    credited = {item.comment for item in verdicts.items if item.credit}
    heard = sum(
        comment.index not in credited and comment.decided is None
        for comment in verdicts.comments
        if comment.verdict in ("hit", "near-miss", "valid-unlisted", "undecided")
    )
    budget = rubric.budget
    return Noise(
        contradicted=_distinct_contradictions(verdicts),
        generic=counts["generic"],
        over_budget=max(0, heard - budget.comments) + max(0, counts["style"] - budget.style),
        decoys=verdicts.decoys,
    )


def _distinct_contradictions(verdicts: Verdicts) -> int:
    """Count each decoy once: saying the same wrong thing again is no second mistake."""
    items = {item.item for item in verdicts.items}
    wrong = {
        comment.item or " ".join(comment.text.casefold().split())
        for comment in verdicts.comments
        if comment.verdict == "contradicted"
    }
    beside = {name for c in verdicts.comments for name in c.also if name not in items}
    return len(wrong | beside)


def total_weight(entries: Sequence[Entry]) -> int:
    """Return the weight of all entries together."""
    return sum(entry.weight for entry in entries)


def earned(entries: Sequence[Entry]) -> int:
    """Return the credit of all entries together, weighted, in thousandths."""
    return sum(entry.weight * entry.credit for entry in entries)


def detection_share(entries: Sequence[Entry]) -> Fraction:
    """Return the severity-weighted share of the flaws that was credited, 0 to 1."""
    return Fraction(earned(entries), max(1, 1000 * total_weight(entries)))


def explanation_share(entries: Sequence[Entry]) -> Fraction:
    """Return how well the credited flaws were explained, weighted by their credit, 0 to 1."""
    explained = sum(entry.weight * entry.credit * entry.explained for entry in entries)
    return Fraction(explained, max(1, 1000 * earned(entries)))


def judgement_share(noise: Noise, rubric: Rubric) -> Fraction:
    """Return what is left of judgement after the costs of wrong comments, 0 to 1.

    Youden's J with decoys in the place of the healthy: 1 - false alarms / decoys. The other
    half of J, sensitivity, enters by the scale of the judgement points.
    """
    return max(Fraction(0), 1 - Fraction(cost(noise, rubric), 1000 * decoys(noise, rubric)))


def cost(noise: Noise, rubric: Rubric) -> int:
    """Return the cost of the wrong comments in thousandths of a decoy."""
    costs = rubric.costs
    return (
        noise.contradicted * costs.contradicted
        + noise.generic * costs.generic
        + noise.over_budget * costs.over_budget
    )


def decoys(noise: Noise, rubric: Rubric) -> int:
    """Return the denominator of judgement: the decoys, taken as at least a stated number."""
    return max(noise.decoys, rubric.costs.least_decoys)
