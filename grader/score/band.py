"""From the interval to a band: the software recommends, a person decides."""

from typing import NamedTuple

from grader.records.score import Band
from grader.records.verdict import Verdicts
from grader.score.interval import ends, if_open_comments_hold
from grader.score.rubric import Rubric
from grader.score.tally import Tally

_ORDER: tuple[Band, ...] = ("not shown", "mixed", "solid", "strong")


class Recommendation(NamedTuple):
    """A band with its reason in plain words."""

    band: Band
    reason: str


def missed_dealbreaker(verdicts: Verdicts, rubric: Rubric) -> bool:
    """Tell whether flaws of the dealbreaker's category are keyed and none was credited."""
    keyed = [item for item in verdicts.items if item.category == rubric.dealbreaker.category]
    return bool(keyed) and not any(item.credit for item in keyed)


def band_of(low: int, missed: bool, rubric: Rubric) -> Band:
    """Return the band of a low end in thousandths of a point."""
    bands = rubric.bands
    passed = sum(low >= points * 1000 for points in (bands.mixed, bands.solid, bands.strong))
    reached = _ORDER[passed]
    if missed and _ORDER.index(reached) > _ORDER.index(rubric.dealbreaker.cap):
        return rubric.dealbreaker.cap
    return reached


def recommend(figures: Tally, low: int, verdicts: Verdicts, rubric: Rubric) -> Recommendation:
    """Return the band of an interval's low end, or "needs human" when open comments could lift it.

    Args:
        figures: what the verdicts amount to.
        low: the low end in thousandths of a point.
        verdicts: the verdicts themselves.
        rubric: thresholds and limits.
    """
    missed = missed_dealbreaker(verdicts, rubric)
    band = band_of(low, missed, rubric)
    if not figures.undecided and not figures.unlisted:
        return Recommendation(band, _reason(low, missed, rubric))
    opened = if_open_comments_hold(figures.entries, figures.undecided, figures.unlisted, rubric)
    best = band_of(
        ends(opened, figures.noise, rubric).low,
        missed and not _could_lift(verdicts, rubric),
        rubric,
    )
    reason = _reason(low, missed, rubric)
    if _ORDER.index(best) > _ORDER.index(band):
        open_comments = _open(figures)
        return Recommendation(
            "needs human",
            f"It stands at '{band}': {reason} {open_comments} could lift it to '{best}': "
            "a person reads them and decides.",
        )
    return Recommendation(band, reason)


def _could_lift(verdicts: Verdicts, rubric: Rubric) -> bool:
    """Tell whether an undecided comment may be about the dealbreaker's category."""
    return any(
        comment.verdict == "undecided"
        and comment.evidence.category in (None, rubric.dealbreaker.category)
        for comment in verdicts.comments
    )


def _open(figures: Tally) -> str:
    named = []
    if figures.undecided:
        named.append(f"{figures.undecided} undecided")
    if figures.unlisted:
        named.append(f"{figures.unlisted} plausible but not keyed")
    comments = "comment" if figures.undecided + figures.unlisted == 1 else "comments"
    return f"{' and '.join(named)} {comments}".capitalize()


def _reason(low: int, missed: bool, rubric: Rubric) -> str:
    bands = rubric.bands
    shown = f"The low end of the interval is {low / 1000:.1f}"
    thresholds = f"strong from {bands.strong}, solid from {bands.solid}, mixed from {bands.mixed}"
    text = f"{shown} ({thresholds})."
    if missed:
        category = rubric.dealbreaker.category
        text += f" Every keyed flaw of {category} was missed, which caps the band at "
        text += f"'{rubric.dealbreaker.cap}'."
    return text
