"""Rows with a name at the left and a difference from zero in them: what lies on either side of zero, and the room."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from core.figures.diagnostics.words import wrapped
from core.figures.style import GREY

_ROW, _AROUND = 36, 112  # pixels of a row, and of all that is not rows


def arrange(figure: go.Figure, labels: Sequence[str], reach: float, sides: tuple[str, str], width: int) -> None:
    """Lay out a row for each label, the first on top, between -reach and reach.

    `sides` says what it means to lie left and right of zero; labels have `width` characters a line, so that a phone
    shows the marks too.
    """
    figure.add_vline(x=0, line={"color": GREY, "width": 1, "dash": "dot"})
    name_sides(figure, reach, sides, "bottom")
    figure.update_layout(height=_AROUND + _ROW * len(labels), margin={"t": 28})
    figure.update_xaxes(range=[-reach, reach], zeroline=False, fixedrange=True)
    figure.update_yaxes(
        tickvals=list(range(len(labels))),
        ticktext=[wrapped(label, width) for label in labels],
        range=[len(labels) - 0.5, -0.5],
        zeroline=False,
        fixedrange=True,
    )


def name_sides(figure: go.Figure, reach: float, sides: tuple[str, str], anchor: str) -> None:
    """Say at the upper edge what it means to lie left and right of zero; `anchor`: of the words, "top" or "bottom"."""
    for x, text in zip((-reach, reach), sides, strict=True):
        figure.add_annotation(
            x=x,
            y=1,
            yref="paper",
            yanchor=anchor,
            xanchor="left" if x < 0 else "right",
            text=text,
            showarrow=False,
            font={"size": 12, "color": GREY},
        )
