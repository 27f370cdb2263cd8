"""Model A and model B side by side, a row for each thing that was estimated of both, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.figures.diagnostics.words import safe
from core.figures.mode_looks import MODE_LABELS, MODE_LOOKS
from core.figures.style import empty_figure, new_figure
from core.study_config import STUDY_MODES

_ROW, _AROUND = 30, 120  # pixels of a row, and of all that is not rows
_APART = 0.14  # of the models, from the middle of a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its 95 % interval, where there is one."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One thing; None where a model has no such number."""

    label: str
    a: Estimate | None
    b: Estimate | None


def draw(rows: Sequence[ModelRow], title: str, tickformat: str | None = None) -> go.Figure:
    """Draw two marks per row, the first row on top. `title`: of the axis."""
    if not rows:
        return empty_figure("There is nothing to compare")
    figure = new_figure(title, "")
    for model, mode, side in zip("ab", STUDY_MODES, (-_APART, _APART), strict=True):
        look = MODE_LOOKS[mode]
        known = [(place, row.label, found) for place, row in enumerate(rows) if (found := _of(row, model)) is not None]
        figure.add_scatter(
            x=[found.value for _, _, found in known],
            y=[place + side for place, _, _ in known],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [0.0 if found.high is None else found.high - found.value for _, _, found in known],
                "arrayminus": [0.0 if found.low is None else found.value - found.low for _, _, found in known],
                "thickness": 1.5,
                "width": 4,
                "color": look.colour,
            },
            mode="markers",
            name=f"Model {model.upper()} ({MODE_LABELS[mode].lower()})",
            marker={"color": look.colour, "symbol": look.symbol, "size": 9},
            customdata=[f"{safe(label)}: {_words(found, tickformat)}" for _, label, found in known],
            hovertemplate="%{customdata}<extra></extra>",
        )
    figure.update_layout(height=_AROUND + _ROW * len(rows), showlegend=True)
    figure.update_xaxes(tickformat=tickformat, zeroline=False)
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[safe(row.label) for row in rows],
        range=[len(rows) - 0.5, -0.5],
        zeroline=False,
    )
    return figure


def _of(row: ModelRow, model: str) -> Estimate | None:
    return row.a if model == "a" else row.b


def _words(found: Estimate, tickformat: str | None) -> str:
    write = "{:.1%}".format if tickformat and tickformat.endswith("%") else "{:.3f}".format
    if found.low is None or found.high is None:
        return write(found.value)
    return f"{write(found.value)}, 95 % interval {write(found.low)} to {write(found.high)}"
