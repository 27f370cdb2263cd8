"""What another accuracy weight would have bought on test data, from trials that are there already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go

from core.figures.mode_looks import tint
from core.figures.style import BLUE, GREY, ORANGE, empty_figure, new_figure

What = Literal["outcome", "gain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveData:
    """A curve over the accuracy weight with its band, if there is one; values as shares."""

    what: What
    runs: int
    weights: tuple[float, ...]
    values: tuple[float, ...]
    low: tuple[float, ...] | None
    high: tuple[float, ...] | None
    changed: tuple[int, ...]  # pairs in which the weight picks another network than accuracy alone
    chosen: float  # the accuracy weight of the study's health-aware mode


def compute(curve: Mapping[str, Any], what: What, chosen: float) -> CurveData:
    """Return the curve of a stored ReselectionCurve: the test accuracy, or the gain over accuracy alone."""
    prefix = "gain_" if what == "gain" else ""
    low, high = curve[f"{prefix}low"], curve[f"{prefix}high"]
    return CurveData(
        what=what,
        runs=curve["runs"],
        weights=tuple(curve["weights"]),
        values=tuple(curve[what]),
        low=None if low is None else tuple(low),
        high=None if high is None else tuple(high),
        changed=tuple(curve["changed"]),
        chosen=chosen,
    )


def draw(data: CurveData) -> go.Figure:
    """Draw the curve in its band; a dashed line marks the weight that the study used."""
    if not data.weights:
        return empty_figure("No trial has completed")
    titles = {"outcome": "Test accuracy of the network picked (%)", "gain": "Gain over accuracy alone (points)"}
    figure = new_figure("Weight of accuracy (the rest counts health)", titles[data.what])
    if data.low is not None and data.high is not None:
        band = {"x": data.weights, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        figure.add_scatter(y=[100 * value for value in data.high], showlegend=False, **band)
        figure.add_scatter(
            y=[100 * value for value in data.low],
            fill="tonexty",
            fillcolor=tint(BLUE, 0.22),
            name="95 % band over pairs",
            **band,
        )
    figure.add_scatter(
        x=data.weights,
        y=[100 * value for value in data.values],
        customdata=data.changed,
        mode="lines+markers",
        line={"color": BLUE, "width": 2},
        marker={"size": 6},
        name=f"mean of {data.runs} pairs",
        hovertemplate="weight %{x:.2f}: %{y:.2f}, another network than by accuracy alone in %{customdata} of "
        f"{data.runs} pairs<extra></extra>",
    )
    if data.what == "gain":
        figure.add_hline(y=0, line={"color": GREY, "width": 1})
    _own_weight(figure, data)
    figure.update_xaxes(range=[-0.02, 1.02], fixedrange=True, zeroline=False)
    figure.update_yaxes(zeroline=False, fixedrange=True)
    figure.update_layout(showlegend=True)
    return figure


def _own_weight(figure: go.Figure, data: CurveData) -> None:
    """Mark the weight of the study by a line that the legend explains."""
    ends = [*data.values, *(data.low or ()), *(data.high or ())]
    figure.add_scatter(
        x=[data.chosen, data.chosen],
        y=[100 * min(ends), 100 * max(ends)],
        mode="lines",
        line={"color": ORANGE, "width": 2, "dash": "dash"},
        name="weight of this study",
        hoverinfo="skip",
    )
