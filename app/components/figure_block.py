"""A figure with its title above and the way to read it below."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st


def figure_block(title: str, figure: go.Figure, reading: str, *, key: str, alt: str) -> None:
    """Draw `figure`; `reading` is Markdown, `alt` is for those who cannot see it."""
    st.subheader(title, anchor=False)
    chart(figure, key=key, alt=alt)
    how_to_read(reading)


def chart(figure: go.Figure, *, key: str, alt: str) -> None:
    """Draw a figure alone."""
    st.plotly_chart(figure, key=key, theme="streamlit", config={"displayModeBar": False}, alt=alt)


def how_to_read(reading: str) -> None:
    """Write below a figure what its marks mean."""
    st.caption(f"**How to read this.** {reading}")
