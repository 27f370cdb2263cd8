"""Where two models answer differently: the difference of their confusion matrices, by the rows of each class."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from core.figures.diagnostics.words import safe
from core.figures.style import new_figure

# Blue: model B more often, orange: model A. Told apart by the colour-blind; the numbers carry the sign.
SCALE = [[0.0, "#B35900"], [0.25, "#F0B46E"], [0.5, "#F5F5F5"], [0.75, "#7DB7DC"], [1.0, "#0B5A94"]]
NUMBERED = 16  # more classes leave no room for numbers
_LEAST = 0.02  # the colours end at this difference at least, so that nothing is made of noise


def draw(names: Sequence[str], difference: Sequence[Sequence[float]]) -> go.Figure:
    """Draw B minus A: shares of the rows of a class (rows) that got an answer (columns), in points."""
    figure = new_figure("Answer", "Truth")
    classes, labels = list(range(len(names))), [safe(name) for name in names]
    reach = max(_LEAST, *(abs(value) for row in difference for value in row))
    figure.add_heatmap(
        z=[list(row) for row in difference],
        x=classes,
        y=classes,
        zmin=-reach,
        zmax=reach,
        colorscale=SCALE,
        text=[[_points(value) for value in row] for row in difference],
        texttemplate="%{text}" if len(names) <= NUMBERED else None,
        customdata=[
            [
                f"truth {labels[truth]}, answer {labels[answer]}: model B {100 * value:+.2f} points"
                for answer, value in enumerate(row)
            ]
            for truth, row in enumerate(difference)
        ],
        hovertemplate="%{customdata}<extra></extra>",
        colorbar={"title": "B − A", "tickformat": "+.0%"},
        xgap=1,
        ygap=1,
    )
    step = max(1, -(-len(names) // 24))
    figure.update_layout(height=min(640, max(300, 110 + 34 * len(names))))
    ticks = {"tickvals": classes[::step], "ticktext": labels[::step], "showgrid": False, "zeroline": False}
    figure.update_xaxes(**ticks)
    figure.update_yaxes(**ticks, autorange="reversed")
    return figure


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}".replace("-", "−") if abs(difference) >= 0.0005 else ""
