"""One real picture under every corruption: a row for each, from clean to the strongest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.figures.diagnostics.words import safe, wrapped
from core.figures.style import empty_figure

_CELL, _AROUND = 84, 48  # pixels of a row, and of all that is not pictures
_LABEL = 14  # characters of a line of a row's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A corruption's pictures at severities 0, 1, … as data addresses, each with its strength in words."""

    label: str
    pictures: tuple[str, ...]
    strengths: tuple[str, ...]


def compute(strips: Sequence[Mapping[str, Any]]) -> tuple[Strip, ...]:
    """Return stored strips."""
    return tuple(
        Strip(label=one["label"], pictures=tuple(one["pictures"]), strengths=tuple(one["strengths"])) for one in strips
    )


def draw(strips: Sequence[Strip]) -> go.Figure:
    """Draw the pictures in rows and columns; a pointer on one hears how strong it is."""
    if not strips:
        return empty_figure("There is no picture to show")
    figure = go.Figure()
    columns = max(len(strip.pictures) for strip in strips)
    for row, strip in enumerate(strips):
        for column, picture in enumerate(strip.pictures):
            figure.add_layout_image(
                source=picture,
                xref="x",
                yref="y",
                x=column,
                y=row,
                sizex=0.94,
                sizey=0.94,
                xanchor="center",
                yanchor="middle",
                sizing="contain",
            )
    figure.add_scatter(  # nothing to see: layout images have no hover of their own
        x=[column for strip in strips for column in range(len(strip.pictures))],
        y=[row for row, strip in enumerate(strips) for _ in strip.pictures],
        mode="markers",
        marker={"opacity": 0, "size": 50},
        customdata=[f"{safe(strip.label)}: {safe(strength)}" for strip in strips for strength in strip.strengths],
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
    )
    figure.update_layout(
        height=_AROUND + _CELL * len(strips), margin={"l": 8, "r": 8, "t": 32, "b": 8}, hovermode="closest"
    )
    figure.update_xaxes(
        side="top",
        tickvals=list(range(columns)),
        ticktext=["clean", *map(str, range(1, columns))],
        range=[-0.5, columns - 0.5],
        zeroline=False,
        showgrid=False,
        fixedrange=True,
    )
    figure.update_yaxes(
        tickvals=list(range(len(strips))),
        ticktext=[wrapped(strip.label, _LABEL) for strip in strips],
        range=[len(strips) - 0.5, -0.5],
        zeroline=False,
        showgrid=False,
        fixedrange=True,
        automargin=True,
    )
    return figure
