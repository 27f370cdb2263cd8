"""Learning curves: validation accuracy by epoch, for every trial, while they train."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go

from core.figures.style import BLUE, GREY, ORANGE, SKY, VERMILION, empty_figure, new_figure
from core.store import TrialRecord

Role = Literal["completed", "pruned", "failed", "running", "best"]

# From the back to the front. Dashes and markers say the same as the colours, for those who do not see them.
_LOOKS: dict[Role, dict[str, Any]] = {
    "pruned": {
        "line": {"color": GREY, "width": 1, "dash": "dot"},
        "marker": {"symbol": "circle-open", "size": 6},
        "name": "Pruned",
    },
    "failed": {
        "line": {"color": VERMILION, "width": 1, "dash": "dash"},
        "marker": {"symbol": "x", "size": 6},
        "name": "Failed",
    },
    "completed": {"line": {"color": SKY, "width": 1.5}, "marker": {"symbol": "circle", "size": 4}, "name": "Completed"},
    "running": {
        "line": {"color": ORANGE, "width": 2, "dash": "dashdot"},
        "marker": {"symbol": "square", "size": 6},
        "name": "Training now",
    },
    "best": {"line": {"color": BLUE, "width": 3}, "marker": {"symbol": "star", "size": 9}, "name": "Best"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Validation accuracy of one trial by epoch, counted from 1."""

    number: int
    role: Role
    epochs: tuple[int, ...]
    accuracies: tuple[float, ...]


def compute(trials: Iterable[TrialRecord], best: int | None) -> tuple[Curve, ...]:
    """Return the curve of every trial that has finished an epoch, by number; `best` is the number of the best trial."""
    curves = []
    for trial in sorted(trials, key=lambda trial: trial.number):
        role = _role(trial, best)
        if trial.accuracies and role is not None:
            epochs = tuple(sorted(trial.accuracies))
            values = tuple(trial.accuracies[epoch] for epoch in epochs)
            curves.append(Curve(number=trial.number, role=role, epochs=epochs, accuracies=values))
    return tuple(curves)


def _role(trial: TrialRecord, best: int | None) -> Role | None:
    if trial.number == best:
        return "best"
    roles: dict[str, Role] = {"completed": "completed", "pruned": "pruned", "failed": "failed", "running": "running"}
    return roles.get(trial.state)


def draw(curves: tuple[Curve, ...]) -> go.Figure:
    """Draw all curves of a role as one trace with gaps, so that a thousand trials are still five traces."""
    if not curves:
        return empty_figure("No epoch has ended yet")
    figure = new_figure("Epoch", "Validation accuracy")
    figure.update_xaxes(tickformat="d", dtick=1 if max(curve.epochs[-1] for curve in curves) <= 12 else None)
    figure.update_yaxes(tickformat=".0%")
    for role, look in _LOOKS.items():
        members = [curve for curve in curves if curve.role == role]
        if members:
            figure.add_scatter(
                x=[x for curve in members for x in (*curve.epochs, None)],
                y=[y for curve in members for y in (*curve.accuracies, None)],
                customdata=[curve.number for curve in members for _ in range(len(curve.epochs) + 1)],
                mode="lines+markers",
                connectgaps=False,
                hovertemplate="trial %{customdata}, epoch %{x}<br>validation accuracy %{y:.1%}<extra></extra>",
                **look,
            )
    return figure
