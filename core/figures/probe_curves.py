"""How well new last layers do on a foreign set, by the examples they were fitted on, over two controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.figures.mode_looks import MODE_LABELS, MODE_LOOKS
from core.figures.run_looks import RunLook
from core.figures.style import GREEN, GREY, empty_figure, new_figure

_LOOKS: dict[str, RunLook] = {
    **{mode: look for mode, look in MODE_LOOKS.items()},
    "random": RunLook(colour=GREY, dash="dot", symbol="x"),
    "plain": RunLook(colour=GREEN, dash="dashdot", symbol="cross"),
}
_ASIDE = {"accuracy_only": 0.97, "health_aware": 1.03}  # factors of x, so that both intervals can be seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A mean accuracy with its 95 % interval over the runs, where there is one, at so many examples per class."""

    examples: float
    label: str
    accuracy: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One series of marks. `key`: a mode, "random" (untrained twins) or "plain" (the rows as they are)."""

    key: str
    name: str
    marks: tuple[Mark, ...]


def compute(curve: Mapping[str, Any]) -> tuple[Curve, ...]:
    """Return the series of a stored curve: both modes, untrained networks, plain rows."""
    names: dict[str, str] = {**dict(MODE_LABELS.items()), "random": "Untrained networks", "plain": curve["plain"]}
    return tuple(Curve(key=key, name=name, marks=_marks(curve["points"], key)) for key, name in names.items())


def _marks(points: Sequence[Mapping[str, Any]], key: str) -> tuple[Mark, ...]:
    return tuple(
        Mark(
            examples=one["examples"],
            label=one["label"],
            accuracy=one[key]["mean"],
            low=one[key].get("low"),
            high=one[key].get("high"),
        )
        for one in points
        if one[key]["mean"] is not None
    )


def draw(curves: Sequence[Curve]) -> go.Figure:
    """Draw accuracy against examples per class."""
    if not any(curve.marks for curve in curves):
        return empty_figure("No probe could be fitted")
    figure = new_figure("Examples per class", "Accuracy of the new last layer")
    for curve in curves:
        look = _LOOKS[curve.key]
        figure.add_scatter(
            x=[mark.examples * _ASIDE.get(curve.key, 1.0) for mark in curve.marks],
            y=[mark.accuracy for mark in curve.marks],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [0.0 if mark.high is None else mark.high - mark.accuracy for mark in curve.marks],
                "arrayminus": [0.0 if mark.low is None else mark.accuracy - mark.low for mark in curve.marks],
                "thickness": 1.5,
                "width": 4,
            },
            mode="lines+markers",
            name=curve.name,
            line={"color": look.colour, "width": 2, "dash": look.dash},
            marker={"symbol": look.symbol, "size": 8},
            customdata=[mark.label for mark in curve.marks],
            hovertemplate=f"{curve.name}, %{{customdata}}: %{{y:.1%}}<extra></extra>",
        )
    ticks = {mark.examples: mark.label for curve in curves for mark in curve.marks}
    figure.update_layout(showlegend=True)
    figure.update_xaxes(type="log", tickvals=list(ticks), ticktext=list(ticks.values()), zeroline=False)
    figure.update_yaxes(tickformat=".0%", zeroline=False)
    return figure
