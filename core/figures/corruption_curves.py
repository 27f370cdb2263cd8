"""How a measure changes as damage grows: a small panel for each corruption, both modes with the band of their runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.figures.diagnostics.words import safe
from core.figures.mode_looks import MODE_LABELS, MODE_LOOKS, tint
from core.figures.style import empty_figure
from core.study_config import STUDY_MODES, StudyMode

COLUMNS = 2
_ROW, _AROUND = 190, 70  # pixels of a row of panels, and of all that is not panels
_GAP = 86  # pixels between rows, for the ticks of the one and the title of the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The mean over a mode's runs at severities 0, 1, …, and its 95 % interval where there is one."""

    mode: StudyMode
    means: tuple[float | None, ...]
    lows: tuple[float | None, ...]
    highs: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One corruption. `ticks` are the strengths as the axis shows them, `unit` is what they count."""

    title: str
    unit: str
    ticks: tuple[str, ...]
    curves: tuple[Curve, ...]


def compute(corruptions: Sequence[Mapping[str, Any]]) -> tuple[Panel, ...]:
    """Return the panels of stored corruptions: `label`, `unit`, `ticks`, and `curves` of intervals by mode."""
    return tuple(
        Panel(
            title=one["label"],
            unit=one["unit"],
            ticks=tuple(one["ticks"]),
            curves=tuple(_curve(mode, one["curves"][mode]) for mode in STUDY_MODES),
        )
        for one in corruptions
    )


def _curve(mode: StudyMode, points: Sequence[Mapping[str, Any]]) -> Curve:
    means, lows, highs = (tuple(point[name] for point in points) for name in ("mean", "low", "high"))
    return Curve(mode=mode, means=means, lows=lows, highs=highs)


def draw(panels: Sequence[Panel], title: str, tickformat: str | None = ".0%", *, common: bool = True) -> go.Figure:
    """Draw the panels, two in a row. `title`: of the vertical axis, which they have in common if `common` says so."""
    if not panels:
        return empty_figure("There is no corruption to show")
    rows = -(-len(panels) // COLUMNS)
    height = _AROUND + rows * _ROW + (rows - 1) * _GAP
    figure = make_subplots(
        rows=rows,
        cols=min(COLUMNS, len(panels)),
        shared_yaxes="all" if common else False,
        subplot_titles=[safe(panel.title) for panel in panels],
        vertical_spacing=_GAP / (height - _AROUND) if rows > 1 else 0.0,
        horizontal_spacing=0.05 if common else 0.12,
    )
    for number, panel in enumerate(panels):
        place = {"row": number // COLUMNS + 1, "col": number % COLUMNS + 1}
        for curve in panel.curves:
            _band(figure, curve, place)
            _line(figure, curve, panel, place, named=number == 0)
        figure.update_xaxes(
            tickvals=list(range(len(panel.ticks))),
            ticktext=list(panel.ticks),
            title={"text": safe(panel.unit), "font": {"size": 11}, "standoff": 4},
            tickfont={"size": 10},
            tickangle=0,
            zeroline=False,
            fixedrange=True,
            **place,
        )
    figure.update_annotations(font={"size": 13})
    figure.update_yaxes(tickformat=tickformat, zeroline=False, automargin=True, fixedrange=True)
    figure.update_yaxes(title=title, col=1)
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 56, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1 + 26 / (height - _AROUND), "xanchor": "left", "x": 0},
        hovermode="closest",
        uirevision="kept",
    )
    return figure


def _band(figure: go.Figure, curve: Curve, place: Mapping[str, int]) -> None:
    """Where the runs do not tell an interval there is no band."""
    known = [
        (number, low, high)
        for number, (low, high) in enumerate(zip(curve.lows, curve.highs, strict=True))
        if low is not None and high is not None
    ]
    if len(known) < 2:
        return
    figure.add_scatter(
        x=[number for number, _, _ in known] + [number for number, _, _ in reversed(known)],
        y=[low for _, low, _ in known] + [high for _, _, high in reversed(known)],
        fill="toself",
        fillcolor=tint(MODE_LOOKS[curve.mode].colour, 0.18),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        legendgroup=curve.mode,
        **place,
    )


def _line(figure: go.Figure, curve: Curve, panel: Panel, place: Mapping[str, int], *, named: bool) -> None:
    look = MODE_LOOKS[curve.mode]
    figure.add_scatter(
        x=list(range(len(curve.means))),
        y=list(curve.means),
        mode="lines+markers",
        name=MODE_LABELS[curve.mode],
        line={"color": look.colour, "width": 2, "dash": look.dash},
        marker={"color": look.colour, "symbol": look.symbol, "size": 7},
        customdata=[f"{safe(panel.title)} {tick}" for tick in panel.ticks],
        hovertemplate=f"{MODE_LABELS[curve.mode]}, %{{customdata}}: %{{y:.4g}}<extra></extra>",
        legendgroup=curve.mode,
        showlegend=named,
        **place,
    )
