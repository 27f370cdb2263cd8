"""How the numbers of one variable are spread: its weights, or their gradients."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from core.diagnostics import Histogram
from core.figures.style import BLUE, new_figure

HEIGHT = 170


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Bars of one variable: where they stand, how wide and how high they are."""

    centres: tuple[float, ...]
    widths: tuple[float, ...]
    counts: tuple[int, ...]
    title: str


def compute(histogram: Histogram, title: str) -> Bars:
    """Return the bars of a stored histogram."""
    pairs = list(zip(histogram.edges[:-1], histogram.edges[1:], strict=True))
    return Bars(
        centres=tuple((low + high) / 2 for low, high in pairs),
        widths=tuple(high - low for low, high in pairs),
        counts=histogram.counts,
        title=title,
    )


def draw(bars: Bars, *, colour: str = BLUE) -> go.Figure:
    """Draw the bars, without a gap between them."""
    figure = new_figure(bars.title, "count")
    figure.update_layout(height=HEIGHT, bargap=0)
    figure.add_bar(
        x=bars.centres,
        y=bars.counts,
        width=bars.widths,
        marker={"color": colour, "line": {"width": 0}},
        hovertemplate="about %{x:.3g}: %{y}<extra></extra>",
    )
    figure.update_xaxes(nticks=5, tickformat="~g")
    figure.update_yaxes(nticks=3)
    return figure


def summary(histogram: Histogram) -> str:
    """Say in words what the bars show, and what they alone would hide."""
    n = sum(histogram.counts)
    text = f"{n:,} values, mean {histogram.mean:.2g}, spread {histogram.deviation:.2g}"
    if histogram.zeros:
        text += f", {histogram.zeros:,} exactly 0"
    if histogram.not_finite:
        text += f"; {histogram.not_finite:,} more are not finite"
    return text + "."
