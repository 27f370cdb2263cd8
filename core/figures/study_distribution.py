"""Every run of a study as a point: both modes side by side, partners joined, with mean and t interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import plotly.graph_objects as go

from core.figures.mode_looks import MODE_LABELS, MODE_LOOKS
from core.figures.style import GREY, empty_figure, new_figure
from core.stats import MeanInterval, mean_interval
from core.study_config import STUDY_MODES, StudyMode

_STEP, _SPREAD = 0.045, 0.4  # between equal points, and of them all
_BESIDE = 0.33  # of the means, from their points
_FEW = 3  # runs; the interval of two is many times as wide as their distance
_BINS = 60  # values closer than this part of the range would cover each other


@dataclass(frozen=True, slots=True, kw_only=True)
class ModePoints:
    """The runs of one mode. `offsets` keep points of equal value apart."""

    mode: StudyMode
    pairs: tuple[int, ...]
    values: tuple[float, ...]
    offsets: tuple[float, ...]
    mean: MeanInterval


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionData:
    """Both modes; values as shares."""

    modes: tuple[ModePoints, ModePoints]

    @property
    def partners(self) -> list[int]:
        """The pairs of which both runs have a value."""
        return sorted({*self.modes[0].pairs} & {*self.modes[1].pairs})


def compute(values: Mapping[StudyMode, Mapping[int, float]]) -> DistributionData:
    """Return the points of both modes; `values` by pair, those that are known."""
    every = [value for mode in STUDY_MODES for value in values[mode].values()]
    width = (max(every) - min(every)) / _BINS if every else 0.0
    first, second = (_points(mode, values[mode], width) for mode in STUDY_MODES)
    return DistributionData(modes=(first, second))


def _points(mode: StudyMode, values: Mapping[int, float], width: float) -> ModePoints:
    pairs = sorted(values)
    bins = {pair: round(values[pair] / width) if width else 0 for pair in pairs}
    offsets = []
    for pair in pairs:
        like = [other for other in pairs if bins[other] == bins[pair]]
        step = min(_STEP, _SPREAD / len(like))
        offsets.append(step * (like.index(pair) - (len(like) - 1) / 2))
    return ModePoints(
        mode=mode,
        pairs=tuple(pairs),
        values=tuple(values[pair] for pair in pairs),
        offsets=tuple(offsets),
        mean=_mean_of([values[pair] for pair in pairs]),
    )


def _mean_of(values: list[float]) -> MeanInterval:
    found = mean_interval(values)
    return found if len(values) >= _FEW else replace(found, low=None, high=None, note="two runs are too few")


def draw(data: DistributionData, title: str) -> go.Figure:
    """Draw the points, a line per pair, and beside them the mean with its 95 % interval. `title`: of the axis."""
    if not any(points.values for points in data.modes):
        return empty_figure("No run has a network yet")
    figure = new_figure("", title)
    _lines(figure, data)
    for place, points in enumerate(data.modes):
        if not points.values:
            continue
        look, label = MODE_LOOKS[points.mode], MODE_LABELS[points.mode]
        figure.add_scatter(
            x=[place + offset for offset in points.offsets],
            y=[100 * value for value in points.values],
            customdata=[pair + 1 for pair in points.pairs],
            mode="markers",
            marker={"color": look.colour, "symbol": look.symbol, "size": 9, "line": {"width": 1, "color": "white"}},
            hovertemplate=f"{label}, run %{{customdata}}: %{{y:.2f}}<extra></extra>",
        )
        _mean(figure, points, place + (-_BESIDE if place == 0 else _BESIDE))
    figure.update_layout(showlegend=False)
    figure.update_xaxes(
        tickvals=[0, 1],
        ticktext=[f"{MODE_LABELS[points.mode]}<br>n = {len(points.values)}" for points in data.modes],
        range=[-0.62, 1.62],
        zeroline=False,
        showgrid=False,
        fixedrange=True,
    )
    figure.update_yaxes(zeroline=False, fixedrange=True)
    return figure


def _lines(figure: go.Figure, data: DistributionData) -> None:
    at = [
        dict(zip(points.pairs, zip(points.offsets, points.values, strict=True), strict=True)) for points in data.modes
    ]
    x: list[float | None] = []
    y: list[float | None] = []
    for pair in data.partners:
        (left, low), (right, high) = at[0][pair], at[1][pair]
        x += [left, 1 + right, None]
        y += [100 * low, 100 * high, None]
    figure.add_scatter(x=x, y=y, mode="lines", line={"color": GREY, "width": 1}, opacity=0.6, hoverinfo="skip")


def _mean(figure: go.Figure, points: ModePoints, x: float) -> None:
    found, look = points.mean, MODE_LOOKS[points.mode]
    assert found.mean is not None
    half = 100 * (found.high - found.mean) if found.high is not None else 0.0
    interval = f"95 %: ± {half:.2f}" if half else "no interval"
    figure.add_scatter(
        x=[x],
        y=[100 * found.mean],
        error_y={"type": "data", "array": [half], "width": 9, "thickness": 3, "color": look.colour} if half else None,
        mode="markers",
        marker={"color": look.colour, "symbol": "diamond", "size": 14},
        hovertemplate=f"mean of {found.n} runs: %{{y:.2f}}, {interval}<extra></extra>",
    )
