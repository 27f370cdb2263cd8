"""Two trials against each other: their learning curves, and their health component by component."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.figures.run_looks import RUN_LOOKS
from core.figures.style import GREY, empty_figure, new_figure
from core.health import METRICS
from core.store import TrialRecord

# One fits into the other, so that both are seen where they meet.
_RING: dict[str, Any] = {"symbol": "-open", "size": 17, "line": {"width": 3}}
_FILLED: dict[str, Any] = {"symbol": "", "size": 9}


@dataclass(frozen=True, slots=True, kw_only=True)
class PairCurve:
    """Validation accuracy of one trial by epoch."""

    name: str
    epochs: tuple[int, ...]
    accuracies: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairComponent:
    """A health component of both trials; None where it was not measured."""

    label: str
    a: float | None
    b: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairData:
    """Trial A and trial B."""

    names: tuple[str, str]
    curves: tuple[PairCurve, PairCurve]
    components: tuple[PairComponent, ...]


def compute(a: TrialRecord, b: TrialRecord) -> PairData:
    """Return curves and components of two trials; components that neither has are left out."""
    names = (f"A: trial {a.number}", f"B: trial {b.number}")
    measured = [name for name in dict.fromkeys([*a.components, *b.components])]
    known = [(name, a.components.get(name), b.components.get(name)) for name in measured]
    return PairData(
        names=names,
        curves=(_curve(names[0], a), _curve(names[1], b)),
        components=tuple(
            PairComponent(label=METRICS[name].label if name in METRICS else name.replace("_", " "), a=first, b=second)
            for name, first, second in known
            if first is not None or second is not None
        ),
    )


def _curve(name: str, trial: TrialRecord) -> PairCurve:
    epochs = tuple(sorted(trial.accuracies))
    return PairCurve(name=name, epochs=epochs, accuracies=tuple(trial.accuracies[epoch] for epoch in epochs))


def draw_curves(data: PairData) -> go.Figure:
    """Draw both learning curves."""
    if not any(curve.epochs for curve in data.curves):
        return empty_figure("Neither trial has finished an epoch")
    figure = new_figure("Epoch", "Validation accuracy")
    longest = max(len(curve.epochs) for curve in data.curves)
    figure.update_xaxes(tickformat="d", dtick=1 if longest <= 12 else None)
    figure.update_yaxes(tickformat=".0%")
    for curve, look in zip(data.curves, RUN_LOOKS, strict=False):
        figure.add_scatter(
            x=curve.epochs,
            y=curve.accuracies,
            name=curve.name,
            mode="lines+markers",
            line={"color": look.colour, "dash": look.dash, "width": 2},
            marker={"symbol": look.symbol, "size": 8},
            hovertemplate="%{y:.1%} after epoch %{x}<extra></extra>",
        )
    figure.update_layout(showlegend=True)
    return figure


def draw_components(data: PairData) -> go.Figure:
    """Draw two dots per component on a scale from 0 to 1, joined by a line as long as the difference."""
    if not data.components:
        return empty_figure("Neither trial has health measurements")
    figure = new_figure("Value, 1 is best", "")
    labels = [component.label for component in data.components]
    figure.update_layout(height=120 + 40 * len(labels), showlegend=True)
    figure.update_xaxes(range=[-0.03, 1.03])
    figure.update_yaxes(autorange="reversed", categoryorder="array", categoryarray=labels)
    both = [component for component in data.components if component.a is not None and component.b is not None]
    figure.add_scatter(
        x=[x for component in both for x in (component.a, component.b, None)],
        y=[y for component in both for y in (component.label, component.label, None)],
        mode="lines",
        line={"color": GREY, "width": 3},
        showlegend=False,
        hoverinfo="skip",
    )
    for name, look, side, mark in zip(data.names, RUN_LOOKS, ("a", "b"), (_RING, _FILLED), strict=False):
        shown = [component for component in data.components if getattr(component, side) is not None]
        figure.add_scatter(
            x=[getattr(component, side) for component in shown],
            y=[component.label for component in shown],
            name=name,
            mode="markers",
            marker=mark | {"symbol": look.symbol + mark["symbol"], "color": look.colour},
            hovertemplate="%{y}: %{x:.3f}<extra>" + name + "</extra>",
        )
    return figure
