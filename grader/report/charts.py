"""Charts as SVG text that stands in the page: equal numbers give equal bytes."""

from collections.abc import Sequence
from io import StringIO

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Stand-ins that the page's own colours replace, so that a chart follows light and dark.
_STAND_INS = {"#010203": "currentColor", "#040506": "var(--accent)", "#070809": "var(--line)"}
_TEXT, _BAR, _GRID = _STAND_INS
_BIN = 5


def distribution(scores: Sequence[float]) -> Markup:
    """Return a histogram of scores (points, 0 to 100) in steps of five."""
    counts = [0] * (100 // _BIN)
    for score in scores:
        counts[min(int(score // _BIN), len(counts) - 1)] += 1
    with mpl.rc_context({"svg.hashsalt": "score-distribution", "svg.fonttype": "none"}):
        figure = Figure(figsize=(6.4, 2.3), layout="constrained")
        axes = figure.add_subplot()
        lefts = [_BIN * i for i in range(len(counts))]
        axes.bar(lefts, counts, width=_BIN * 0.88, align="edge", color=_BAR, zorder=2)
        axes.set_xlim(0, 100)
        axes.set_ylim(0, max(1, *counts) * 1.08)
        axes.set_xticks(range(0, 101, 20))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
        axes.set_xlabel("score, points", color=_TEXT)
        axes.set_ylabel("candidates", color=_TEXT)
        axes.grid(axis="y", color=_GRID, linewidth=0.8, zorder=0)
        axes.tick_params(colors=_TEXT, length=0, labelsize=9)
        for side in axes.spines.values():
            side.set_visible(False)
        return _svg(figure, f"Histogram of {len(scores)} scores in steps of five points")


def _svg(figure: Figure, label: str) -> Markup:
    text = StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(text, format="svg", transparent=True, metadata=nothing)
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    for stand_in, colour in _STAND_INS.items():
        svg = svg.replace(stand_in, colour)
    # Made of numbers and the constant words above alone: nothing of a candidate is in it.
    return Markup(svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1))  # noqa: S704
