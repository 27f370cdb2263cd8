"""Several measures at a glance: how much better one mode is than the other, in spreads between runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.figures.named_rows import arrange
from core.figures.style import BLUE, empty_figure, new_figure

_LABEL = 24  # characters of a line of a label
_LEAST = 1.0  # the axis goes at least this far to either side


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRow:
    """Hedges' g of one measure with its 95 % interval; positive: health-aware is better."""

    label: str
    g: float
    low: float | None
    high: float | None
    n: int


def compute(runs: Sequence[Mapping[str, Any]]) -> tuple[EffectRow, ...]:
    """Return a row for each stored comparison of runs that has an effect size."""
    return tuple(
        EffectRow(label=one["label"], **{name: one["effect"][name] for name in ("g", "low", "high", "n")})
        for one in runs
        if one["effect"]["g"] is not None
    )


def draw(rows: Sequence[EffectRow]) -> go.Figure:
    """Draw a mark with its interval for each row, the first on top."""
    if not rows:
        return empty_figure("There is no difference between the runs to show")
    figure = new_figure("Hedges' g", "")
    places = list(range(len(rows)))
    figure.add_scatter(
        x=[row.g for row in rows],
        y=places,
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [0.0 if row.high is None else row.high - row.g for row in rows],
            "arrayminus": [0.0 if row.low is None else row.g - row.low for row in rows],
            "thickness": 2,
            "width": 6,
        },
        mode="markers",
        marker={"color": BLUE, "size": 10, "symbol": "diamond"},
        customdata=[[row.label, row.n] for row in rows],
        hovertemplate="%{customdata[0]}: g = %{x:.2f}, %{customdata[1]} pairs<extra></extra>",
        showlegend=False,
    )
    reach = 1.15 * max(_LEAST, *(abs(value) for row in rows for value in (row.g, row.low or 0.0, row.high or 0.0)))
    sides = ("accuracy-only better", "health-aware better")
    arrange(figure, [row.label for row in rows], reach, sides, _LABEL)
    return figure
