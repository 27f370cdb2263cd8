"""Two settings at once: where on the plane of both the scores are high."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from core.figures.axes import Axis, Space, number, parameter_axis, used_value
from core.figures.roles import MARKS, NAMES, SCORED, Role, layers, role_of
from core.figures.style import empty_figure, new_figure
from core.progress import best_trial
from core.store import TrialRecord

LEAST_TRIALS = 5
_CELLS = 28  # along an axis of numbers
_REACH = 0.09  # standard deviation of the weights around a trial, as a share of an axis
_LEAST_WEIGHT = 0.15  # less than this much of a trial near by: nothing is known there
_FAR = 1e-9
_ASIDE = 0.18  # how far trials of one choice are set apart
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContourPoint:
    """A trial that used both settings."""

    number: int
    role: Role
    x: Any
    y: Any
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContourData:
    """The trials, and the mean score near each cell: `grid[y][x]`, None where no trial is near."""

    x: Axis
    y: Axis
    points: tuple[ContourPoint, ...]
    grid_x: tuple[float, ...]
    grid_y: tuple[float, ...]
    grid: tuple[tuple[float | None, ...], ...]
    reason: str | None = None


def compute(trials: Iterable[TrialRecord], space: Space, x: str, y: str, *, active: bool = True) -> ContourData:
    """Average the scores around each cell, nearer trials counting for more.

    A mean, as scores are noisy: a surface through every trial would show the noise as hills.
    """
    by_number = sorted(trials, key=lambda trial: trial.number)
    best = best_trial(by_number)
    axes = parameter_axis(x, space, by_number), parameter_axis(y, space, by_number)
    points = tuple(
        ContourPoint(
            number=trial.number, role=role, x=at_x, y=at_y, score=trial.total_score if role in SCORED else None
        )
        for trial in by_number
        if (role := role_of(trial, best.number if best else None, active=active))
        and (at_x := used_value(trial, x)) is not None
        and (at_y := used_value(trial, y)) is not None
    )
    scored = [point for point in points if point.score is not None]
    if len(scored) < LEAST_TRIALS or x == y:
        reason = f"Needs {LEAST_TRIALS} completed trials with both settings;<br>so far there are {len(scored)}. "
        reason = "Choose two different settings" if x == y else f"{reason}Add trials to see it."
        return ContourData(x=axes[0], y=axes[1], points=points, grid_x=(), grid_y=(), grid=(), reason=reason)
    shares_x, shares_y = (_grid(axis) for axis in axes)
    near_x = _nearness(axes[0], shares_x, [point.x for point in scored])
    near_y = _nearness(axes[1], shares_y, [point.y for point in scored])
    weight = near_y @ near_x.T
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (near_y * np.array([point.score for point in scored])) @ near_x.T / weight
    known = weight >= _LEAST_WEIGHT
    return ContourData(
        x=axes[0],
        y=axes[1],
        points=points,
        grid_x=tuple(_places(axes[0], shares_x)),
        grid_y=tuple(_places(axes[1], shares_y)),
        grid=tuple(
            tuple(float(value) if there else None for value, there in zip(*row, strict=True))
            for row in zip(mean, known, strict=True)
        ),
    )


def _grid(axis: Axis) -> Floats:
    if axis.choices:
        return np.array([axis.share(choice) for choice in axis.choices])
    return np.linspace(0, 1, _CELLS)


def _nearness(axis: Axis, shares: Floats, values: list[Any]) -> Floats:
    """Return the weight of each value at each share: a bell for numbers, the same or not for choices."""
    at = np.array([axis.share(value) for value in values])
    reach = 0.01 / max(len(axis.choices), 1) if axis.choices else _REACH
    bell = np.exp(-0.5 * np.minimum(np.abs(shares[:, None] - at[None, :]) / reach, 9.0) ** 2)
    return np.where(bell > _FAR, bell, 0.0)  # numbers next to nothing make the product slow


def _places(axis: Axis, shares: Floats) -> list[float]:
    if axis.choices:
        return [float(place) for place in range(len(axis.choices))]
    return [axis.value_at(float(share)) for share in shares]


def draw(data: ContourData) -> go.Figure:
    """Draw the plane as colours and the trials on top of it."""
    if data.reason:
        return empty_figure(data.reason)
    figure = new_figure(data.x.label, data.y.label)
    figure.update_layout(height=420)
    figure.update_xaxes(**data.x.settings())
    figure.update_yaxes(**data.y.settings())
    look = {"colorscale": "Cividis", "colorbar": {"title": {"text": "Score"}, "thickness": 10}, "hoverinfo": "skip"}
    plane = {"x": data.grid_x, "y": data.grid_y, "z": data.grid, "opacity": 0.75} | look
    if data.x.choices or data.y.choices:
        figure.add_heatmap(**plane)
    else:
        figure.add_contour(**plane, ncontours=12, line={"width": 0.5}, connectgaps=False)
    for role, _, points, _ in layers(data.points, frozenset()):
        mark = MARKS[role] if "open" in MARKS[role]["symbol"] else MARKS[role] | {"line": {"color": "#fff", "width": 1}}
        figure.add_scatter(
            x=[_apart(data.x, point.x, point.number, 0.618) for point in points],
            y=[_apart(data.y, point.y, point.number, 0.755) for point in points],
            customdata=[point.number for point in points],
            text=[_words(point) for point in points],
            name=NAMES[role],
            mode="markers",
            marker=mark | {"size": min(mark["size"], 6 if len(data.points) > 200 and role != "best" else 15)},
            hovertemplate="trial %{customdata}<br>%{text}<extra>" + NAMES[role] + "</extra>",
        )
    return figure


def _apart(axis: Axis, value: Any, trial: int, step: float) -> float:
    """Return the coordinate; trials of one choice are set apart by a fixed amount each."""
    return axis.place(value) + (_ASIDE * (2 * (trial * step % 1) - 1) if axis.choices else 0.0)


def _words(point: ContourPoint) -> str:
    values = [number(value) if isinstance(value, float) else str(value) for value in (point.x, point.y)]
    return f"{' · '.join(values)}<br>{'no score' if point.score is None else f'total score {point.score:.4f}'}"
