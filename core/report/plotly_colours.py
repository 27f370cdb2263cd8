"""Colours of figures: from what Plotly writes to what ReportLab draws with."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

from reportlab.lib.colors import Color, toColor

from core.figures.style import BLUE, GREEN, GREY, ORANGE, PINK, SKY, VERMILION

WAY = (BLUE, ORANGE, GREEN, VERMILION, PINK, SKY, GREY)  # of traces that name no colour
INK, SOFT, GRID = Color(0.13, 0.14, 0.17), Color(0.36, 0.38, 0.43), Color(0.88, 0.89, 0.91)
_RGB = re.compile(r"rgba?\(([^)]*)\)")


def colour_of(text: Any, opacity: float = 1.0) -> Color:
    """Return a colour; "rgba(0, 114, 178, 0.25)", "#0072B2" and names are understood.

    >>> colour_of("rgba(255, 0, 0, 0.5)").alpha, colour_of("#0072B2", 0.5).hexval()
    (0.5, '0x0072b2')
    """
    found = _RGB.fullmatch(str(text).strip())
    if found:
        parts = [float(part.strip().rstrip("%")) for part in found.group(1).split(",")]
        alpha = parts[3] if len(parts) > 3 else 1.0
        return Color(*(part / 255 for part in parts[:3]), alpha=alpha * opacity)
    plain = toColor(str(text))
    return Color(plain.red, plain.green, plain.blue, alpha=plain.alpha * opacity)


def on_scale(scale: Sequence[Sequence[Any]], share: float) -> Color:
    """Return the colour at `share` (0 to 1) of a Plotly colour scale."""
    share = min(max(share, 0.0), 1.0)
    stops = [(float(place), colour_of(colour)) for place, colour in scale]
    for (low, one), (high, other) in itertools.pairwise(stops):
        if share <= high:
            part = (share - low) / (high - low) if high > low else 0.0
            return Color(*(a + part * (b - a) for a, b in zip(one.rgb(), other.rgb(), strict=True)))
    return stops[-1][1]


def is_dark(colour: Color) -> bool:
    """Return whether white letters are read better on a colour than black ones."""
    return bool(0.299 * colour.red + 0.587 * colour.green + 0.114 * colour.blue < 0.55)
