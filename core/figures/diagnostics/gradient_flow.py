"""Gradient flow: how fast every weight matrix learns, by epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import plotly.graph_objects as go

from core.figures.diagnostics import register
from core.figures.diagnostics.words import safe, variable_name
from core.figures.style import BLUE, GREEN, GREY, ORANGE, PINK, SKY, VERMILION, new_figure
from core.health.gradient_health import EXPLODED, VANISHED
from core.trial import Trace

FLOOR, CEILING = 1e-9, 10.0  # of the axis; what lies beyond is drawn on its edge
_COLOURS = (BLUE, ORANGE, GREEN, PINK, SKY, VERMILION, GREY)
_DASHES = ("solid", "dash", "dot", "dashdot")
_SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up", "star", "x")
HOW = (
    "Each line is one weight matrix, from the first layer to the last: the size of its gradient relative to its "
    "weights, on a logarithmic scale. Good: lines close together, between the two bands. Below the lower band a layer "
    "has stopped learning (vanished): use batch normalisation, another activation or fewer layers. In the upper band "
    "one step could overturn the layer (exploded): lower the learning rate. Hollow marks: the gradient was not a "
    "finite number."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientFlow:
    """Relative gradients by matrix (in the order of the network) and epoch; None: not finite or not measured."""

    epochs: tuple[int, ...]
    layers: dict[str, tuple[float | None, ...]]

    @property
    def vanished(self) -> tuple[str, ...]:
        """Matrices whose gradient was below the limit in the last epoch."""
        return tuple(name for name, values in self.layers.items() if values[-1] is not None and values[-1] < VANISHED)

    @property
    def exploded(self) -> tuple[str, ...]:
        """Matrices whose gradient was above the limit, or not finite, in the last epoch."""
        return tuple(name for name, values in self.layers.items() if values[-1] is None or values[-1] > EXPLODED)

    @property
    def decades(self) -> float | None:
        """Powers of ten between the fastest and the slowest matrix of the last epoch; None with fewer than two."""
        last = [value for values in self.layers.values() if (value := values[-1]) is not None and value > 0]
        return math.log10(max(last) / min(last)) if len(last) > 1 else None


def compute(trace: Trace) -> GradientFlow | str:
    """Return the relative gradients of the epochs that measured any."""
    measured = [epoch for epoch in trace.epochs if epoch.gradients]
    if not measured:
        return "no gradients were recorded"
    names = dict.fromkeys(name for epoch in measured for name in epoch.gradients)
    return GradientFlow(
        epochs=tuple(epoch.epoch for epoch in measured),
        layers={
            name: tuple(norm.relative if (norm := epoch.gradients.get(name)) else None for epoch in measured)
            for name in names
        },
    )


def draw(data: GradientFlow) -> go.Figure:
    """Draw a line per matrix between the two bands."""
    figure = new_figure("Epoch", "Gradient ÷ weights")
    for low, high, text, colour in (
        (FLOOR, VANISHED, "vanished", BLUE),
        (EXPLODED, CEILING, "exploded", VERMILION),
    ):
        figure.add_hrect(y0=low, y1=high, fillcolor=colour, opacity=0.16, line_width=0)
        figure.add_annotation(  # on a logarithmic axis an annotation, unlike a shape, is placed by its exponent
            y=math.log10(low * high) / 2,
            x=0.01,
            xref="paper",
            text=text,
            showarrow=False,
            xanchor="left",
            font={"color": colour},
        )
    for number, (name, values) in enumerate(data.layers.items()):
        figure.add_scatter(
            x=data.epochs,
            y=[CEILING if value is None else min(max(value, FLOOR), CEILING) for value in values],
            name=safe(variable_name(name), 40),
            mode="lines+markers",
            line={"color": _COLOURS[number % 7], "dash": _DASHES[number % 4], "width": 2},
            marker={
                "symbol": [_SYMBOLS[number % 7] + ("-open" if value is None else "") for value in values],
                "size": 8,
            },
            text=["not finite" if value is None else f"{value:.2g}" for value in values],
            hovertemplate=f"{safe(variable_name(name))}, epoch %{{x}}: %{{text}}<extra></extra>",
        )
    figure.update_layout(height=380 + 20 * len(data.layers))  # a narrow page has a line of the legend for each
    figure.update_xaxes(tickformat="d", dtick=1 if data.epochs[-1] <= 12 else None)
    ends = [math.log10(FLOOR), math.log10(CEILING)]
    figure.update_yaxes(type="log", range=ends, dtick=2, exponentformat="power", showexponent="all")
    return figure


def finding(data: GradientFlow) -> str:
    """Name the matrices that are in trouble, else say how far apart they are."""
    parts = [
        f"{word} at the end: {', '.join(map(variable_name, names))}"
        for word, names in (("vanished", data.vanished), ("exploded", data.exploded))
        if names
    ]
    if data.decades is not None:
        parts.append(f"the fastest and the slowest are a factor of {10**data.decades:.3g} apart in the last epoch")
    text = "; ".join(parts) or "a single matrix, so there is no pace to compare"
    return f"{text[0].upper()}{text[1:]}; {len(data.layers)} weight matrices, {len(data.epochs)} epochs."


register(
    name="gradient_flow",
    label="Gradient flow",
    group="Training",
    order=4,
    how_to_read=HOW,
    needs="trace",
    measure=compute,
    draw=draw,
    finding=finding,
)
