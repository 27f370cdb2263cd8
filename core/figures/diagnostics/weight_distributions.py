"""Distributions of weights and biases, by variable."""

from __future__ import annotations

import plotly.graph_objects as go

from core.diagnostics import Diagnostics
from core.figures.diagnostics import register
from core.figures.diagnostics.spread import Spread, draw_spread, spread, spread_finding
from core.figures.style import BLUE

HOW = (
    "One small histogram per variable, from the first layer to the last, each on its own scale; ± is the standard "
    "deviation. Good: a single hill around 0 for kernels; gamma of a normalisation near 1. Far outliers or values that "
    "pile up at both ends mean unstable training: lower the learning rate. A needle at 0 is a layer that "
    "is hardly used."
)


def compute(stored: Diagnostics) -> Spread | str:
    """Return the stored histograms."""
    return spread(stored.weights, stored.notes.get("weights", "no weights were stored"))


def draw(data: Spread) -> go.Figure:
    """Draw them in blue."""
    return draw_spread(data, BLUE)


def finding(data: Spread) -> str:
    """Count them."""
    return spread_finding(data, "weights")


register(
    name="weight_distributions",
    label="Weights and biases",
    group="Inside the network",
    order=2,
    how_to_read=HOW,
    needs="stored",
    measure=compute,
    draw=draw,
    finding=finding,
)
