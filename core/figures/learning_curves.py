"""Learning curves: validation accuracy by epoch, for every trial, while they train."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.figures.roles import DIMMED, MARKS, NAMES, Role, layers, role_of
from core.figures.style import BLUE, empty_figure, new_figure
from core.store import TrialRecord

# Dashes say the same as the colours, for those who do not see them.
_LINES: dict[Role, dict[str, Any]] = {
    "pruned": {"width": 1, "dash": "dot"},
    "failed": {"width": 1, "dash": "dash"},
    "over budget": {"width": 1, "dash": "longdash"},
    "completed": {"width": 1.5},
    "interrupted": {"width": 1.5, "dash": "dashdot"},
    "running": {"width": 2, "dash": "dashdot"},
    "best": {"width": 3, "color": BLUE},
}
_MANY = 2000  # points; more of them are drawn by the graphics card


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Validation accuracy of one trial by epoch, counted from 1."""

    number: int
    role: Role
    epochs: tuple[int, ...]
    accuracies: tuple[float, ...]
    selected: bool = False


def compute(
    trials: Iterable[TrialRecord],
    best: int | None,
    selected: frozenset[int] = frozenset(),
    *,
    active: bool = True,
) -> tuple[Curve, ...]:
    """Return the curve of every trial that has finished an epoch, by number; `best` is the number of the best trial."""
    curves = []
    for trial in sorted(trials, key=lambda trial: trial.number):
        role = role_of(trial, best, active=active)
        if trial.accuracies and role is not None:
            epochs = tuple(sorted(trial.accuracies))
            values = tuple(trial.accuracies[epoch] for epoch in epochs)
            chosen = trial.number in selected
            curves.append(Curve(number=trial.number, role=role, epochs=epochs, accuracies=values, selected=chosen))
    return tuple(curves)


def draw(curves: tuple[Curve, ...]) -> go.Figure:
    """Draw all curves of a role as one trace with gaps, so that a thousand trials are still a few traces.

    Every point carries its trial's number as `customdata`. Where trials are selected the others step back.
    """
    if not curves:
        return empty_figure("No epoch has ended yet")
    figure = new_figure("Epoch", "Validation accuracy")
    figure.update_xaxes(tickformat="d", dtick=1 if max(curve.epochs[-1] for curve in curves) <= 12 else None)
    figure.update_yaxes(tickformat=".0%")
    many = sum(len(curve.epochs) for curve in curves) > _MANY
    selected = frozenset(curve.number for curve in curves if curve.selected)
    for role, bright, members, named in layers(curves, selected):
        figure.add_trace(_trace(role, members, many, strong=bool(selected) and bright, dim=not bright, named=named))
    return figure


def _trace(role: Role, members: list[Curve], many: bool, *, strong: bool, dim: bool, named: bool) -> Any:
    mark, line = MARKS[role], {"color": MARKS[role]["color"]} | _LINES[role]
    size = 9 if role == "best" else 4 if role == "completed" else 6
    if strong:
        size, line["width"] = size + 3, line["width"] + 1.5
    return (go.Scattergl if many else go.Scatter)(
        x=[x for curve in members for x in (*curve.epochs, None)],
        y=[y for curve in members for y in (*curve.accuracies, None)],
        customdata=[curve.number for curve in members for _ in range(len(curve.epochs) + 1)],
        name=NAMES[role],
        legendgroup=role,
        showlegend=named,
        opacity=DIMMED if dim else 1.0,
        mode="lines+markers",
        line=line,
        marker={"symbol": mark["symbol"], "size": size},
        connectgaps=False,
        hovertemplate="trial %{customdata}, epoch %{x}<br>validation accuracy %{y:.1%}<extra></extra>",
    )
