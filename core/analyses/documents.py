"""A module's figures as one page that opens anywhere."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.analyses.module import AnalysisModule

if TYPE_CHECKING:
    import plotly.graph_objects as go


def figures_page(title: str, module: AnalysisModule, figures: Mapping[str, go.Figure]) -> str:
    """Return HTML with all figures; the drawing library is in it once, so that it needs no network."""
    parts = []
    for place, (name, figure) in enumerate(figures.items()):
        caption = module.caption(name)
        drawn = figure.to_html(full_html=False, include_plotlyjs=place == 0)
        parts.append(f"<h2>{html.escape(caption.title)}</h2>{drawn}<p>{html.escape(caption.how_to_read)}</p>")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        "<style>body{font-family:sans-serif;max-width:60rem;margin:auto;padding:1rem}</style>"
        f"<h1>{html.escape(title)}</h1>{''.join(parts)}</html>"
    )
