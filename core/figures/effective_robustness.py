"""Accuracy under shift against accuracy on clean rows, of many networks: who is above the line that they all follow?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import plotly.graph_objects as go

from core.figures.mode_looks import MODE_LABELS, MODE_LOOKS
from core.figures.style import GREY, empty_figure, new_figure
from core.study_config import STUDY_MODES, StudyMode

_HEIGHT = 460
_NEAREST = 0.0005  # to 0 and 1 that can be drawn; probits go on for ever
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
_TICKS_FEW = 9
_MARGIN = 0.08  # of the range of an axis
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One network: accuracy on clean rows and under shift, as shares; `points` above the line, where there is one."""

    name: str
    mode: StudyMode
    pair: int
    inside: float
    outside: float
    points: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterData:
    """The networks that the line was fitted to, those that stand for their runs, and the line in probits."""

    trials: tuple[Dot, ...]
    networks: tuple[Dot, ...]
    line: tuple[float, float] | None  # slope, intercept


def compute(found: Mapping[str, Any]) -> ScatterData:
    """Return the points of a stored result."""
    line = found["line"]
    return ScatterData(
        trials=tuple(_dot(one) for one in found["points"]),
        networks=tuple(_dot(one) for one in found["networks"].values()),
        line=None if line is None else (line["slope"], line["intercept"]),
    )


def _dot(one: Mapping[str, Any]) -> Dot:
    names = ("name", "mode", "pair", "inside", "outside")
    return Dot(**{name: one[name] for name in names}, points=one.get("points"))


def draw(data: ScatterData) -> go.Figure:
    """Draw trials in grey, the networks of both modes in their colours, the fitted line, and where nothing is lost."""
    every = [*data.trials, *data.networks]
    if not every:
        return empty_figure("No network was tried on shifted rows")
    figure = new_figure("Accuracy on clean rows", "Accuracy under shift, mean over the shifts")
    x_range = _range([one.inside for one in every])
    y_range = _range([one.outside for one in every])
    _lines(figure, data, x_range)
    _dots(figure, data.trials, "Trials behind the line", {"color": GREY, "size": 6, "opacity": 0.55})
    for mode, size in zip(STUDY_MODES, (14, 8), strict=True):  # a network that both modes chose shows both
        look = MODE_LOOKS[mode]
        marker = {"color": look.colour, "symbol": look.symbol, "size": size, "line": {"width": 1, "color": "white"}}
        _dots(figure, [one for one in data.networks if one.mode == mode], MODE_LABELS[mode], marker)
    figure.update_layout(height=_HEIGHT, showlegend=True)
    for update, ends in ((figure.update_xaxes, x_range), (figure.update_yaxes, y_range)):
        ticks = _ticks(ends)
        update(
            tickvals=[_probit(tick) for tick in ticks],
            ticktext=[f"{100 * tick:g}%" for tick in ticks],
            range=list(ends),
            zeroline=False,
        )
    return figure


def _dots(figure: go.Figure, dots: Sequence[Dot], name: str, marker: dict[str, Any]) -> None:
    if not dots:
        return
    figure.add_scatter(
        x=[_probit(one.inside) for one in dots],
        y=[_probit(one.outside) for one in dots],
        mode="markers",
        name=name,
        marker=marker,
        customdata=[_words(one) for one in dots],
        hovertemplate="%{customdata}<extra></extra>",
    )


def _lines(figure: go.Figure, data: ScatterData, ends: tuple[float, float]) -> None:
    lines = [("Nothing lost", 1.0, 0.0, "dot")]
    if data.line is not None:
        lines.append(("What is expected", *data.line, "solid"))
    for name, slope, intercept, dash in lines:
        figure.add_scatter(
            x=list(ends),
            y=[intercept + slope * end for end in ends],
            mode="lines",
            name=name,
            line={"color": GREY, "width": 1.5, "dash": dash},
            hoverinfo="skip",
        )


def _words(one: Dot) -> str:
    text = (
        f"{MODE_LABELS[one.mode]}, pair {one.pair + 1}: {one.inside:.1%} on clean rows, {one.outside:.1%} under shift"
    )
    if one.points is None:
        return text
    side = "above" if one.points >= 0 else "below"
    return f"{text}, {100 * abs(one.points):.1f} points {side} the line"


def _probit(share: float) -> float:
    return _NORMAL.inv_cdf(min(max(share, _NEAREST), 1 - _NEAREST))


def _range(shares: Sequence[float]) -> tuple[float, float]:
    places = [_probit(share) for share in shares]
    margin = _MARGIN * (max(places) - min(places)) or 0.1
    return min(places) - margin, max(places) + margin


def _ticks(ends: tuple[float, float]) -> list[float]:
    """Return a few round accuracies within an axis; finer ones where it is short."""
    inside = [tick for tick in _TICKS if ends[0] <= _probit(tick) <= ends[1]]
    if len(inside) >= 3:
        return inside[:: -(-len(inside) // _TICKS_FEW)]
    low, high = (_NORMAL.cdf(end) for end in ends)
    digits = next((digits for digits in range(2, 6) if high - low > 3 * 10**-digits), 6)
    step = 10**-digits * (5 if high - low > 15 * 10**-digits else 1)
    first = -(-low // step)
    return [round((first + place) * step, 6) for place in range(int((high - first * step) / step) + 1)]
