"""A difference with its interval against what would matter: the verdict at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.figures.mode_looks import tint
from core.figures.named_rows import name_sides
from core.figures.style import BLUE, GREY, empty_figure, new_figure

_HEIGHT = 150  # pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalData:
    """Health-aware minus accuracy-only in points. `bound`: less than this does not matter."""

    mean: float | None
    low: float | None
    high: float | None
    bound: float

    @property
    def reach(self) -> float:
        """How far the axis goes to either side."""
        known = [abs(value) for value in (self.mean, self.low, self.high) if value is not None]
        return 1.15 * max([1.5 * self.bound, *known])


def compute(procedure: Mapping[str, Any]) -> IntervalData:
    """Return the numbers of a stored procedure comparison."""
    found = procedure["difference"]
    mean, low, high = (None if found[name] is None else 100 * found[name] for name in ("mean", "low", "high"))
    return IntervalData(mean=mean, low=low, high=high, bound=100 * procedure["sesoi"])


def draw(data: IntervalData) -> go.Figure:
    """Draw the mean and its interval as a bar; the grey zone holds differences too small to matter."""
    if data.mean is None:
        return empty_figure("There is no difference to show")
    figure = new_figure("Health-aware − accuracy-only (points)", "")
    figure.add_shape(
        type="rect",
        x0=-data.bound,
        x1=data.bound,
        y0=0,
        y1=0.75,
        yref="paper",
        fillcolor=tint(GREY, 0.25),
        line_width=0,
        layer="below",
    )
    figure.add_vline(x=0, line={"color": GREY, "width": 1, "dash": "dot"})
    ends = {} if data.low is None or data.high is None else {"array": [data.high - data.mean]}
    figure.add_scatter(
        x=[data.mean],
        y=[0],
        error_x={"type": "data", "thickness": 3, "width": 9, "color": BLUE, **ends} if ends else None,
        mode="markers",
        marker={"color": BLUE, "size": 14, "symbol": "diamond"},
        hovertemplate="%{x:.2f} points<extra></extra>",
        showlegend=False,
    )
    name_sides(figure, data.reach, ("accuracy-only better", "health-aware better"), "top")
    figure.update_layout(height=_HEIGHT)
    figure.update_xaxes(range=[-data.reach, data.reach], zeroline=False, fixedrange=True)
    figure.update_yaxes(visible=False, range=[-0.75, 1.25], fixedrange=True)
    return figure
