"""Distributions of gradients, by variable."""

from __future__ import annotations

import plotly.graph_objects as go

from core.diagnostics import Diagnostics
from core.figures.diagnostics import register
from core.figures.diagnostics.spread import Spread, draw_spread, spread, spread_finding
from core.figures.style import ORANGE

HOW = (
    "How the gradients of each variable are spread after the training, on rows of the training part; each histogram "
    "has its own scale and ± is the standard deviation. Good: a narrow hill around 0 in every layer, with deviations "
    "of similar size. Deviations that shrink a thousandfold towards the first layer are vanishing gradients: use batch "
    "normalisation or fewer layers. A needle exactly at 0 is a part that no longer learns, as behind dead ReLUs."
)


def compute(stored: Diagnostics) -> Spread | str:
    """Return the stored histograms."""
    return spread(stored.gradients, stored.notes.get("gradients", "no gradients were stored"))


def draw(data: Spread) -> go.Figure:
    """Draw them in orange."""
    return draw_spread(data, ORANGE)


def finding(data: Spread) -> str:
    """Count them."""
    return spread_finding(data, "gradients")


register(
    name="gradient_distributions",
    label="Gradients",
    group="Inside the network",
    order=3,
    how_to_read=HOW,
    needs="stored",
    measure=compute,
    draw=draw,
    finding=finding,
)
