"""Dormant neurons: units whose output hardly changes with the input, by layer."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from core.figures.diagnostics import register
from core.figures.diagnostics.words import safe, share
from core.figures.style import BLUE, VERMILION, new_figure
from core.health.neuron_utilization import dormant_units
from core.trial import Trace

HOW = (
    "Each bar is a hidden layer, the first on top; the hatched part, counted beside its name, is dormant: units "
    "(filters of a convolution) whose output varies less than 2.5 % as much as the layer's average, whatever the "
    "network is shown. Good: none or a few. Many dormant units are ballast: make that layer narrower, lower the "
    "learning rate, or use leaky ReLU or ELU, which cannot die."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerUnits:
    """One hidden layer. `zeros`: share of its outputs that are exactly 0; `saturated`: at the ends of the range."""

    name: str
    units: int
    dormant: int
    activation: str
    zeros: float
    saturated: float | None


def compute(trace: Trace) -> tuple[LayerUnits, ...] | str:
    """Count the dormant units of every probed layer."""
    layers = tuple(
        LayerUnits(
            name=layer.name,
            units=len(layer.deviations),
            dormant=dormant_units(layer.deviations),
            activation=layer.activation,
            zeros=layer.zero_fraction,
            saturated=layer.saturation,
        )
        for layer in trace.layers
        if layer.deviations
    )
    return layers or "the network has no hidden units that were probed"


def draw(data: tuple[LayerUnits, ...]) -> go.Figure:
    """Draw the layers as bars of their units."""
    figure = new_figure("Share of the layer's units", "")
    names = [f"{safe(layer.name, 20)}<br>{layer.dormant} of {layer.units}" for layer in data]
    for what, values, colour, pattern in (
        ("dormant", [layer.dormant for layer in data], VERMILION, "/"),
        ("at work", [layer.units - layer.dormant for layer in data], BLUE, ""),
    ):
        figure.add_bar(
            y=names,
            x=[value / layer.units for value, layer in zip(values, data, strict=True)],
            name=what,
            orientation="h",
            marker={"color": colour, "pattern": {"shape": pattern}},
            customdata=[_hover(layer, value, what) for value, layer in zip(values, data, strict=True)],
            hovertemplate="%{customdata}<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.35, height=110 + 46 * len(data))
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(autorange="reversed", ticksuffix="  ")
    return figure


def _hover(layer: LayerUnits, count: int, what: str) -> str:
    ends = "" if layer.saturated is None else f"; {share(layer.saturated)} saturated"
    return (
        f"{safe(layer.name)}: {count} of {layer.units} {what}<br>{safe(layer.activation)}; {share(layer.zeros)} of the "
        f"outputs are exactly 0{ends}"
    )


def finding(data: tuple[LayerUnits, ...]) -> str:
    """Count them over the whole network and name the worst layer."""
    dormant, units = sum(layer.dormant for layer in data), sum(layer.units for layer in data)
    if not dormant:
        return f"None of {units:,} hidden units is dormant."
    worst = max(data, key=lambda layer: layer.dormant / layer.units)
    return f"{dormant:,} of {units:,} hidden units are dormant; most in {worst.name}: {worst.dormant} of {worst.units}."


register(
    name="dormant_units",
    label="Dormant neurons",
    group="Inside the network",
    order=1,
    how_to_read=HOW,
    needs="trace",
    measure=compute,
    draw=draw,
    finding=finding,
)
