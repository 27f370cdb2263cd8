"""Learning-rate schedule: how long the steps were at the end of every epoch."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from core.figures.diagnostics import register
from core.figures.style import BLUE, new_figure
from core.trial import Trace

HOW = (
    "The learning rate is the length of a training step; the scale is logarithmic. Warm-up makes it grow first, so "
    "that early steps break nothing; decay makes it fall later, so that the network can settle. A flat line is fine "
    "if the loss settles. Compare it with the loss within epochs: zigzags at a high rate ask for a lower one."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningRate:
    """Rate at the end of each epoch."""

    epochs: tuple[int, ...]
    rates: tuple[float, ...]


def compute(trace: Trace) -> LearningRate | str:
    """Return the rate by epoch."""
    if not trace.epochs:
        return "no epoch was completed"
    return LearningRate(
        epochs=tuple(epoch.epoch for epoch in trace.epochs),
        rates=tuple(epoch.learning_rate for epoch in trace.epochs),
    )


def draw(data: LearningRate) -> go.Figure:
    """Draw the rates; a schedule that reaches 0 cannot be drawn on a logarithmic axis."""
    figure = new_figure("Epoch", "Learning rate")
    figure.add_scatter(
        x=data.epochs,
        y=data.rates,
        mode="lines+markers",
        line={"color": BLUE, "width": 2},
        marker={"size": 7},
        hovertemplate="%{y:.3g} at the end of epoch %{x}<extra></extra>",
    )
    figure.update_xaxes(tickformat="d", dtick=1 if data.epochs[-1] <= 12 else None)
    if min(data.rates) > 0:
        flat = max(data.rates) / min(data.rates) < 1.5  # an axis of its own for a rounding error would be noise
        figure.update_yaxes(type="log", tickformat="~g", nticks=6, exponentformat="power")
        if flat:
            figure.update_yaxes(autorange=True, tickvals=[data.rates[0]], ticktext=[f"{data.rates[0]:.3g}"])
    return figure


def finding(data: LearningRate) -> str:
    """Say from where to where it went."""
    first, last = data.rates[0], data.rates[-1]
    if max(data.rates) <= min(data.rates) * 1.001:
        return f"Constant at {first:.3g} over {len(data.rates)} epochs."
    return f"From {first:.3g} to {last:.3g} over {len(data.rates)} epochs, at most {max(data.rates):.3g}."


register(
    name="learning_rate",
    label="Learning-rate schedule",
    group="Training",
    order=3,
    how_to_read=HOW,
    needs="trace",
    measure=compute,
    draw=draw,
    finding=finding,
)
