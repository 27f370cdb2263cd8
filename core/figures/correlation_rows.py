"""Health metrics as rows: how each goes with an outcome over all trials, plainly and at equal validation accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.figures.diagnostics.words import wrapped
from core.figures.style import BLUE, GREY, ORANGE, empty_figure, new_figure

_ROW, _AROUND = 44, 110  # pixels of a row, and of all that is not rows
_LABEL = 16  # characters of a line of a label, so that a phone shows the marks too
_APART = 0.16  # of the two marks, from the middle of a row
_LOOKS = {
    "plain": ("plain (Kendall's tau)", GREY, "circle", -_APART),
    "partial": ("given validation accuracy (partial Spearman)", BLUE, "diamond", _APART),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """A rank correlation with its 95 % interval, and whether it holds after Holm's correction."""

    value: float
    low: float | None
    high: float | None
    n: int  # trials
    shown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationRow:
    """One metric; None where there is no such correlation."""

    label: str
    plain: Correlation | None
    partial: Correlation | None


def compute(found: Sequence[Mapping[str, Any]]) -> tuple[CorrelationRow, ...]:
    """Return a row for each stored pair of correlations; a metric without any stays, so that nobody looks for it."""
    return tuple(
        CorrelationRow(
            label=one["label"], plain=_of(one["plain"], shown=False), partial=_of(one["partial"], shown=one["shown"])
        )
        for one in found
    )


def _of(found: Mapping[str, Any] | None, *, shown: bool) -> Correlation | None:
    if found is None or found["value"] is None:
        return None
    return Correlation(**{name: found[name] for name in ("value", "low", "high", "n")}, shown=shown)


def draw(rows: Sequence[CorrelationRow], outcome: str) -> go.Figure:
    """Draw two marks per metric, the first metric on top; what holds after Holm is orange. `outcome`: its name."""
    if not any(row.plain or row.partial for row in rows):
        return empty_figure("No metric can be compared with this outcome: nothing differs between the trials")
    figure = new_figure(f"Rank correlation with {outcome}", "")
    figure.add_vline(x=0, line={"color": GREY, "width": 1, "dash": "dot"})
    for kind, (name, colour, symbol, side) in _LOOKS.items():
        known = [
            (place + side, row.label, one)
            for place, row in enumerate(rows)
            if (one := row.plain if kind == "plain" else row.partial) is not None
        ]
        figure.add_scatter(
            x=[one.value for _, _, one in known],
            y=[place for place, _, _ in known],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [0.0 if one.high is None else one.high - one.value for _, _, one in known],
                "arrayminus": [0.0 if one.low is None else one.value - one.low for _, _, one in known],
                "thickness": 1.5,
                "width": 4,
                "color": colour,
            },
            mode="markers",
            name=name,
            marker={"color": [ORANGE if one.shown else colour for _, _, one in known], "symbol": symbol, "size": 9},
            customdata=[f"{label}: {_words(one)}" for _, label, one in known],
            hovertemplate="%{customdata}<extra></extra>",
        )
    figure.update_layout(height=_AROUND + _ROW * len(rows), showlegend=True)
    figure.update_xaxes(range=[-1.05, 1.05], zeroline=False, fixedrange=True)
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[wrapped(row.label, _LABEL) for row in rows],
        range=[len(rows) - 0.5, -0.5],
        zeroline=False,
        fixedrange=True,
    )
    return figure


def _words(one: Correlation) -> str:
    interval = "no interval" if one.low is None else f"95 % interval {one.low:+.2f} to {one.high:+.2f}"
    judged = "; holds after Holm" if one.shown else ""
    return f"{one.value:+.2f}, {interval}, {one.n} trials{judged}"
