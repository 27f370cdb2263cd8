"""A gauge for a value from 0 to 1: a bar on three bands."""

from __future__ import annotations

import plotly.graph_objects as go

from core.figures.style import BLUE, GREY

FAIR, HIGH = 0.5, 0.8
HEIGHT = 44


def band(value: float) -> str:
    """Name the band of a value.

    >>> band(0.49), band(0.5), band(0.8)
    ('low', 'fair', 'high')
    """
    return "low" if value < FAIR else "fair" if value < HIGH else "high"


def draw(value: float) -> go.Figure:
    """Draw a bar from 0 to `value`; the bands behind it are shades of grey, so that no colour has to be told apart."""
    steps = [
        {"range": [0, FAIR], "color": _shade(0.45)},
        {"range": [FAIR, HIGH], "color": _shade(0.28)},
        {"range": [HIGH, 1], "color": _shade(0.14)},
    ]
    figure = go.Figure(
        go.Indicator(
            mode="gauge",
            value=value,
            gauge={
                "shape": "bullet",
                "axis": {"range": [0, 1], "tickvals": [0, FAIR, HIGH, 1], "ticktext": ["0", "0.5", "0.8", "1"]},
                "bar": {"color": BLUE, "thickness": 0.5},
                "bgcolor": "rgba(0,0,0,0)",
                "borderwidth": 0,
                "steps": steps,
            },
            domain={"x": [0, 1], "y": [0, 1]},
        )
    )
    figure.update_layout(height=HEIGHT, margin={"l": 8, "r": 12, "t": 2, "b": 20})
    return figure


def _shade(strength: float) -> str:
    red, green, blue = (int(GREY[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{strength})"
