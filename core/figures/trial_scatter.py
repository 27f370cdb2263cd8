"""Accuracy against the size or the time of each network, with logarithmic axes where they show more."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from core.figures.pareto import pareto_front
from core.figures.roles import DIMMED, MARKS, NAMES, SELECTED, Role, layers, role_of
from core.figures.style import GREEN, empty_figure, new_figure
from core.store import TrialRecord

Across = Literal["parameters", "seconds"]
TITLES: dict[Across, str] = {"parameters": "Parameters", "seconds": "Seconds of training"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterPoint:
    """A completed trial: its cost (parameters or seconds) and its validation accuracy."""

    number: int
    role: Role
    cost: float
    accuracy: float
    front: bool  # no other trial within the budgets is as accurate for as little


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterData:
    """All placed trials by number."""

    across: Across
    points: tuple[ScatterPoint, ...]
    selected: frozenset[int]
    rows: int | None  # that the accuracy was measured on

    def error(self, point: ScatterPoint) -> float:
        """Return the share of wrong answers; where none was wrong, that of half a row, so that a log axis holds it."""
        least = 0.5 / self.rows if self.rows else 1e-4
        return max(1.0 - point.accuracy, least)


def compute(
    trials: Iterable[TrialRecord],
    best: int | None,
    selected: frozenset[int] = frozenset(),
    *,
    across: Across = "parameters",
    rows: int | None = None,
    active: bool = True,
) -> ScatterData:
    """Place every completed trial whose accuracy and cost are known."""
    placed: list[tuple[int, Role, float, float]] = []
    for trial in sorted(trials, key=lambda trial: trial.number):
        role = role_of(trial, best, active=active)
        cost = trial.parameters if across == "parameters" else trial.seconds
        if role in ("completed", "over budget", "best") and trial.accuracy is not None and cost:
            placed.append((trial.number, role, float(cost), trial.accuracy))
    front = pareto_front(
        [(accuracy, -cost, number) for number, role, cost, accuracy in placed if role != "over budget"]
    )
    points = tuple(
        ScatterPoint(number=number, role=role, cost=cost, accuracy=accuracy, front=number in front)
        for number, role, cost, accuracy in placed
    )
    return ScatterData(across=across, points=points, selected=selected, rows=rows)


def draw(data: ScatterData, *, log_cost: bool = True, log_error: bool = False) -> go.Figure:
    """Draw the trials and their front; with `log_error` upwards is less error. `customdata` is the trial's number."""
    if not data.points:
        return empty_figure("No trial has completed yet")
    figure = new_figure(TITLES[data.across], "Validation error" if log_error else "Validation accuracy")
    figure.update_xaxes(tickformat="~s", nticks=6)
    figure.update_yaxes(tickformat=".1%")
    if log_cost:
        figure.update_xaxes(type="log", tickvals=log_ticks([point.cost for point in data.points]))
    if log_error:
        errors = [data.error(point) for point in data.points]
        figure.update_yaxes(type="log", autorange="reversed", tickvals=log_ticks(errors))
    line = sorted((point for point in data.points if point.front), key=lambda point: point.cost)
    if len(line) > 1:
        _add(figure, data, line, log_error, name="Front", mode="lines", hoverinfo="skip", line=_FRONT)
    for role, bright, members, named in layers(data.points, data.selected):
        _add(
            figure,
            data,
            members,
            log_error,
            name=NAMES[role],
            mode="markers",
            marker=MARKS[role],
            legendgroup=role,
            showlegend=named,
            opacity=1.0 if bright else DIMMED,
            text=[f"{point.accuracy:.1%}" for point in members],
            hovertemplate="trial %{customdata}<br>accuracy %{text} · %{x:,.4~r} " + data.across + "<extra></extra>",
        )
    chosen = [point for point in data.points if point.number in data.selected]
    if chosen:
        _add(figure, data, chosen, log_error, name="Selected", mode="markers", marker=SELECTED, hoverinfo="skip")
    return figure


def log_ticks(values: Iterable[float]) -> list[float]:
    """Return round numbers to read a logarithmic axis by, about as far as `values` reach.

    >>> log_ticks([900, 40_000])
    [500, 1000, 2000, 5000, 10000, 20000, 50000]
    """
    known = list(values)
    low, high = min(known), max(known)
    steps = (1, 2, 5) if high / low < 200 else (1,)
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    ticks = [step * 10**power for power in powers for step in steps]
    return [tick for tick in ticks if low / 2 <= tick <= high * 2]


_FRONT = {"color": GREEN, "width": 2, "dash": "dash"}


def _add(figure: go.Figure, data: ScatterData, points: list[ScatterPoint], log_error: bool, **look: object) -> None:
    figure.add_scatter(
        x=[point.cost for point in points],
        y=[data.error(point) if log_error else point.accuracy for point in points],
        customdata=[point.number for point in points],
        **look,
    )
