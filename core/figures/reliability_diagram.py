"""How often answers are right, by how sure they are: a model before and after temperature scaling, over chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.figures.mode_looks import MODE_LOOKS, tint
from core.figures.style import GREEN, GREY, new_figure
from core.study_config import StudyMode

_HEIGHT = 380  # pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A bin: mean confidence, share of right answers with its 95 % interval, number of rows."""

    confidence: float
    accuracy: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityData:
    """`band`: between which accuracies 95 % of a perfectly calibrated model's bins lie, one for each of `before`."""

    mode: StudyMode
    before: tuple[Mark, ...]
    after: tuple[Mark, ...]  # empty: could not be scaled
    band: tuple[tuple[float, float], ...]
    temperature: float | None


def compute(model: Mapping[str, Any], mode: StudyMode) -> ReliabilityData:
    """Return the marks of a model of a stored calibration result."""
    return ReliabilityData(
        mode=mode,
        before=_marks(model["bins"]),
        after=_marks(model["bins_after"] or ()),
        band=tuple((one["floor_low"], one["floor_high"]) for one in model["bins"]),
        temperature=model["temperature"],
    )


def _marks(bins: Sequence[Mapping[str, Any]]) -> tuple[Mark, ...]:
    return tuple(Mark(**{name: one[name] for name in ("confidence", "accuracy", "low", "high", "n")}) for one in bins)


def draw(data: ReliabilityData) -> go.Figure:
    """Draw both series beside the line where accuracy is confidence; the grey band is what chance alone does."""
    figure = new_figure("Confidence", "Share of right answers")
    look = MODE_LOOKS[data.mode]
    sure = [mark.confidence for mark in data.before]
    for name, side, fill in (("", 0, None), ("chance, if perfectly calibrated", 1, "tonexty")):
        figure.add_scatter(
            x=sure,
            y=[limits[side] for limits in data.band],
            mode="lines",
            line={"width": 0},
            fill=fill,
            fillcolor=tint(GREY, 0.25),
            name=name,
            showlegend=side == 1,
            hoverinfo="skip",
        )
    start = min([*sure, *(mark.low for mark in data.before), *(mark.low for mark in data.after), 0.98])
    figure.add_scatter(
        x=[start, 1],
        y=[start, 1],
        mode="lines",
        name="as sure as right",
        line={"color": GREY, "dash": "dot", "width": 2},
        hoverinfo="skip",
    )
    _series(figure, data.before, "as it is", look.colour, "solid", look.symbol)
    if data.after:
        _series(figure, data.after, f"at temperature {data.temperature:.2f}", GREEN, "dash", "diamond-open")
    figure.update_layout(height=_HEIGHT, legend_traceorder="normal")
    figure.update_xaxes(tickformat=".0%", nticks=6)
    figure.update_yaxes(tickformat=".0%")
    return figure


def _series(figure: go.Figure, marks: Sequence[Mark], name: str, colour: str, dash: str, symbol: str) -> None:
    figure.add_scatter(
        x=[mark.confidence for mark in marks],
        y=[mark.accuracy for mark in marks],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [mark.high - mark.accuracy for mark in marks],
            "arrayminus": [mark.accuracy - mark.low for mark in marks],
            "thickness": 1.5,
            "width": 4,
        },
        mode="lines+markers",
        name=name,
        line={"color": colour, "dash": dash, "width": 2},
        marker={"symbol": symbol, "size": 8},
        customdata=[mark.n for mark in marks],
        hovertemplate=f"{name}: confidence %{{x:.1%}}, right %{{y:.1%}}, n = %{{customdata:,}}<extra></extra>",
    )
