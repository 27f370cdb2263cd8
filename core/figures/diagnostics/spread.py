"""Small histograms of many variables, shared by the figures of weights and of gradients."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.diagnostics import Histogram
from core.figures.diagnostics.words import safe, variable_name
from core.figures.style import new_figure

COLUMNS = 2
MOST = 24  # variables; more are left out and said to be


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Histograms by variable in the order of the network, and how many more there are."""

    histograms: dict[str, Histogram]
    left_out: int

    @property
    def n(self) -> int:
        """All values that are shown."""
        return sum(sum(histogram.counts) for histogram in self.histograms.values())

    @property
    def not_finite(self) -> tuple[str, ...]:
        """Variables with values that are not finite numbers."""
        return tuple(name for name, histogram in self.histograms.items() if histogram.not_finite)

    @property
    def all_zero(self) -> tuple[str, ...]:
        """Variables of which every value is exactly 0."""
        return tuple(
            name
            for name, histogram in self.histograms.items()
            if sum(histogram.counts) and histogram.zeros == sum(histogram.counts)
        )


def spread(histograms: dict[str, Histogram], missing: str) -> Spread | str:
    """Return the first variables, or `missing` when there are none."""
    if not histograms:
        return missing
    names = list(histograms)
    return Spread(histograms={name: histograms[name] for name in names[:MOST]}, left_out=max(0, len(names) - MOST))


def draw_spread(data: Spread, colour: str) -> go.Figure:
    """Draw a small histogram per variable, each on its own scale, with a line at 0."""
    rows = -(-len(data.histograms) // COLUMNS)
    height = 128 * rows + 30
    titles = [_title(name, histogram) for name, histogram in data.histograms.items()]
    figure = make_subplots(
        rows=rows,
        cols=COLUMNS,
        subplot_titles=titles,
        vertical_spacing=62 / height if rows > 1 else 0,
        horizontal_spacing=0.1,
        figure=new_figure("", ""),
    )
    for place, (name, histogram) in enumerate(data.histograms.items()):
        row, column = place // COLUMNS + 1, place % COLUMNS + 1
        edges = histogram.edges
        figure.add_bar(
            x=[(low + high) / 2 for low, high in pairwise(edges)],
            y=histogram.counts,
            width=[high - low for low, high in pairwise(edges)],
            marker={"color": colour, "line": {"width": 0}},
            name=safe(name),
            showlegend=False,
            hovertemplate="about %{x:.3g}: %{y:,}<extra></extra>",
            row=row,
            col=column,
        )
    figure.update_layout(height=height, bargap=0, margin={"l": 8, "r": 8, "t": 36, "b": 8})
    figure.update_xaxes(nticks=4, tickangle=0, tickformat="~g", zeroline=True, title="")
    figure.update_yaxes(showticklabels=False, title="", rangemode="tozero")
    figure.update_annotations(font={"size": 11})
    return figure


def spread_finding(data: Spread, what: str) -> str:
    """Say what was counted and what stands out."""
    text = f"{data.n:,} {what} of {len(data.histograms)} variables"
    if data.left_out:
        text += f" ({data.left_out} more variables are not shown)"
    if data.not_finite:
        text += f"; not finite numbers in {', '.join(data.not_finite)}"
    if data.all_zero:
        text += f"; all exactly 0 in {', '.join(data.all_zero)}"
    return text + "."


def _title(name: str, histogram: Histogram) -> str:
    layer, _, variable = variable_name(name).rpartition("/")
    return f"{safe(layer, 24)}<br>{safe(variable, 18)} ±{histogram.deviation:.2g}"
