"""The report: one self-contained HTML page without a script."""

from collections.abc import Collection
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from grader.records.score import Score
from grader.report.charts import distribution
from grader.report.results import Results
from grader.report.view import Wanted, page_view
from grader.report.visible import visible
from grader.report.words import BAND_WORDS, FLAG_WORDS, STATE_WORDS, VERDICT_WORDS


def render(results: Results, candidates: Collection[str] = (), limit: int = 100) -> str:
    """Return the page; equal results give equal bytes.

    Args:
        results: what was scored.
        candidates: whose reviews to show in full; all of them when empty.
        limit: how many reviews to show in full at most, unless candidates are named.
    """
    view = page_view(results, Wanted(frozenset(candidates), limit))
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=view,
            chart=distribution(view.scores) if view.scores else None,
            style=_style(),
            verdict_words=VERDICT_WORDS,
            band_words=BAND_WORDS,
            flag_words=FLAG_WORDS,
            state_words=STATE_WORDS,
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("grader.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "visible": visible,
        "points": points,
        "slug": slug,
        "sentence": sentence,
        "percent": percent,
        "interval": interval,
    }
    return environment


def _style() -> Markup:
    """Return the style sheet."""
    text = (files("grader.report") / "templates" / "style.css").read_text("utf-8")
    # It comes with the product; nothing of a candidate is in it.
    return Markup(text)  # noqa: S704


def points(milli: int, places: int = 1) -> str:
    """Return thousandths of a point as points."""
    return f"{milli / 1000:.{places}f}"


def percent(part: int, whole: int) -> str:
    """Return a share in whole per cent; a dash where there is nothing to share."""
    return f"{round(100 * part / whole)}" if whole else "–"


def sentence(text: str) -> str:
    """Return the text with a capital at its start and a full stop at its end."""
    ended = text if text.endswith((".", "!", "?", ":")) else f"{text}."
    return ended[:1].upper() + ended[1:] if text else ""


def slug(name: str) -> str:
    """Return a name as it stands in a class of the style sheet."""
    return name.replace(" ", "-")


def interval(score: Score) -> str:
    """Return the interval in whole points."""
    return f"{score.interval.low / 1000:.0f}–{score.interval.high / 1000:.0f}"
