"""What all figures share: colours that colour-blind people can tell apart, and the figure that says why it is empty."""

from __future__ import annotations

import pandas as pd  # noqa: F401  Plotly looks for it while it draws; another thread may be half way through it
import plotly.graph_objects as go

# Okabe and Ito 2008. These six are legible on white and on near-black; yellow is not, and is left out.
BLUE = "#0072B2"
SKY = "#56B4E9"
ORANGE = "#E69F00"
GREEN = "#009E73"
VERMILION = "#D55E00"
PINK = "#CC79A7"
GREY = "#8A8F98"

HEIGHT = 320  # pixels; a fixed height keeps the page still while a figure is refreshed


def new_figure(x_title: str, y_title: str) -> go.Figure:
    """Return a figure with axes, legend above, and a zoom that outlives a refresh."""
    figure = go.Figure()
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "xanchor": "left", "x": 0},
        hovermode="closest",
        uirevision="kept",
    )
    figure.update_xaxes(title=x_title, automargin=True)
    figure.update_yaxes(title=y_title, automargin=True)
    return figure


def empty_figure(reason: str) -> go.Figure:
    """Return a figure of the usual size that shows nothing but `reason`."""
    figure = go.Figure()
    figure.update_layout(height=HEIGHT, margin={"l": 8, "r": 8, "t": 8, "b": 8})
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(
        text=reason, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font={"size": 14, "color": GREY}
    )
    return figure
