"""How often two models fail, together or alone: a bar for each kind of failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.figures.mode_looks import MODE_LOOKS
from core.figures.style import GREEN, PINK, new_figure

_ROW, _AROUND = 44, 100  # pixels of a bar, and of all that is not bars
_WHISKER = "#5C6270"  # seen on white, on near-black and on the bars
_COLOURS = {
    "same_wrong": PINK,
    "different_wrong": GREEN,
    "a_only_wrong": MODE_LOOKS["accuracy_only"].colour,
    "b_only_wrong": MODE_LOOKS["health_aware"].colour,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A kind of failure: count and share of all rows, with the share's 95 % interval."""

    key: str
    label: str
    count: int
    share: float
    low: float
    high: float


def compute(categories: Sequence[Mapping[str, Any]]) -> tuple[Bar, ...]:
    """Return the bars of stored categories. That both are right is no failure, and would dwarf the others."""
    names = ("key", "label", "count", "share", "low", "high")
    return tuple(Bar(**{name: one[name] for name in names}) for one in categories if one["key"] != "both_right")


def draw(bars: Sequence[Bar]) -> go.Figure:
    """Draw the bars with their counts and intervals, the first on top."""
    figure = new_figure("Share of the holdout", "")
    figure.add_bar(
        x=[bar.share for bar in bars],
        y=[f"{bar.label}<br>{bar.count:,} rows" for bar in bars],
        orientation="h",
        marker_color=[_COLOURS[bar.key] for bar in bars],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [bar.high - bar.share for bar in bars],
            "arrayminus": [bar.share - bar.low for bar in bars],
            "thickness": 1.5,
            "width": 5,
            "color": _WHISKER,
        },
        customdata=[[bar.low, bar.high] for bar in bars],
        hovertemplate="%{y}: %{x:.2%} (95 % interval %{customdata[0]:.2%} to %{customdata[1]:.2%})<extra></extra>",
        showlegend=False,
    )
    figure.update_layout(height=_AROUND + _ROW * len(bars), bargap=0.3)
    figure.update_xaxes(tickformat=".1%", rangemode="tozero", zeroline=False)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure
