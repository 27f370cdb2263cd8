"""How other weights change the order of the trials: each trial's place before and after."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from core.figures.style import GREEN, GREY, ORANGE, SKY, empty_figure, new_figure
from core.whatif import Ranking

_SHOWN = 10  # places that have a row of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """One trial; a place beyond the shown ones is kept as it is, and drawn on the lowest row."""

    number: int
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankData:
    """The trials that are among the first before or after, the later winner first."""

    slopes: tuple[Slope, ...]
    shown: int
    ranked: int  # trials in all


def compute(before: Ranking, after: Ranking, shown: int = _SHOWN) -> RerankData:
    """Return the trials among the first `shown` in either ranking; both rank the same trials."""
    rows = [row for row in after.best_first() if min(before.places[row], after.places[row]) <= shown]
    slopes = [
        Slope(number=after.numbers[row], before=int(before.places[row]), after=int(after.places[row])) for row in rows
    ]
    return RerankData(slopes=tuple(slopes), shown=min(shown, len(after.numbers)), ranked=len(after.numbers))


def draw(data: RerankData) -> go.Figure:
    """Draw a line per trial from its place before to its place after; the winners stand out by colour and width."""
    if not data.slopes:
        return empty_figure("No trial has completed yet")
    lowest = data.shown + 1
    figure = new_figure("", "Place")
    for slope in reversed(data.slopes):  # the winner is drawn last, above the others
        colour, width, dash = _look(slope)
        ends = (min(slope.before, lowest), min(slope.after, lowest))
        figure.add_scatter(
            x=[0, 1],
            y=ends,
            mode="lines+markers+text",
            text=["", f"trial {slope.number}"] if slope.after <= data.shown else ["", ""],
            textposition="middle right",
            cliponaxis=False,
            line={"color": colour, "width": width, "dash": dash},
            marker={"size": 9 if width > 2 else 6},
            hovertemplate=f"trial {slope.number}: place {slope.before} → {slope.after}<extra></extra>",
            showlegend=False,
        )
    ticks = list(range(1, data.shown + 1))
    beyond = any(max(slope.before, slope.after) > data.shown for slope in data.slopes)
    figure.update_yaxes(
        tickvals=[*ticks, lowest] if beyond else ticks,
        ticktext=[*map(str, ticks), "lower"] if beyond else None,
        range=[lowest + 0.5 if beyond else data.shown + 0.5, 0.5],
        zeroline=False,
    )
    figure.update_xaxes(
        tickvals=[0, 1], ticktext=["as it was", "what if"], range=[-0.1, 1.35], showgrid=False, zeroline=False
    )
    return figure


def _look(slope: Slope) -> tuple[str, float, str]:
    """Return colour, width and dash: the new winner, the old one, a riser, or another."""
    if slope.after == 1:
        return GREEN, 4, "solid"
    if slope.before == 1:
        return ORANGE, 4, "dash"
    return (SKY, 2, "solid") if slope.after < slope.before else (GREY, 1.5, "dot")
