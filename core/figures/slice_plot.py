"""A slice: the score of every trial against the value of one setting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.figures.axes import Axis, Space, parameter_axis, used_value
from core.figures.roles import MARKS, NAMES, SCORED, Role, layers, role_of
from core.figures.style import empty_figure, new_figure
from core.progress import best_trial
from core.store import TrialRecord

_SPREAD = 0.22  # half the width over which the trials of one choice are spread, so that they do not hide each other


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicePoint:
    """A trial; `score` is None when it ended without one."""

    number: int
    role: Role
    value: Any
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceData:
    """The trials whose network used the setting, by number, and how many did not use it."""

    axis: Axis
    points: tuple[SlicePoint, ...]
    unused: int

    @property
    def floor(self) -> float:
        """Height at which trials without a score are drawn: a little below the lowest score."""
        scores = [point.score for point in self.points if point.score is not None] or [0.0]
        return min(scores) - max(0.1 * (max(scores) - min(scores)), 0.02)


def compute(trials: Iterable[TrialRecord], space: Space, parameter: str, *, active: bool = True) -> SliceData:
    """Return the value of `parameter` and the score of every trial that began."""
    by_number = sorted(trials, key=lambda trial: trial.number)
    best = best_trial(by_number)
    begun = [
        (trial, role)
        for trial in by_number
        if trial.params and (role := role_of(trial, best.number if best else None, active=active))
    ]
    points = tuple(
        SlicePoint(number=trial.number, role=role, value=value, score=trial.total_score if role in SCORED else None)
        for trial, role in begun
        if (value := used_value(trial, parameter)) is not None
    )
    axis = parameter_axis(parameter, space, (trial for trial, _ in begun))
    return SliceData(axis=axis, points=points, unused=len(begun) - len(points))


def draw(data: SliceData) -> go.Figure:
    """Draw a mark per trial; those without a score stand along the bottom."""
    if not data.points:
        return empty_figure("No trial used this setting yet")
    figure = new_figure(data.axis.label, "Total score")
    figure.update_layout(height=280)
    figure.update_xaxes(**data.axis.settings())
    for role, _, points, _ in layers(data.points, frozenset()):
        name = NAMES[role] if role in SCORED else f"{NAMES[role]} (no score)"
        figure.add_scattergl(
            x=[data.axis.place(point.value) + _aside(data.axis, point.number) for point in points],
            y=[data.floor if point.score is None else point.score for point in points],
            customdata=[point.number for point in points],
            text=[str(point.value) for point in points],
            name=name,
            mode="markers",
            marker=MARKS[role] | {"size": min(MARKS[role]["size"], 7 if len(data.points) > 200 else 15)},
            hovertemplate="trial %{customdata}<br>"
            + f"{data.axis.label} %{{text}}"
            + ("<br>total score %{y:.4f}" if role in SCORED else "")
            + f"<extra>{NAMES[role]}</extra>",
        )
    return figure


def _aside(axis: Axis, trial: int) -> float:
    """Return a fixed step aside for a trial of a choice; numbers stay where they are."""
    return _SPREAD * (2 * (trial * 0.618 % 1) - 1) if axis.choices else 0.0
