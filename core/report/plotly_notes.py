"""What lies over the panels of a figure: straight lines, zones, and notes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reportlab.graphics.shapes import Group, Line, Rect

from core.report.plotly_axis import Axis
from core.report.plotly_colours import INK, colour_of
from core.report.plotly_marks import dashes
from core.report.plotly_scatter import POINT
from core.report.plotly_text import lines_of, write

_ACROSS = {"left": "start", "right": "end", "center": "middle"}
LETTERS = 0.6  # points of a note's letters for a pixel of the screen


@dataclass(frozen=True, slots=True)
class Paper:
    """The rectangle of all panels in points, and the axes by name."""

    left: float
    bottom: float
    width: float
    height: float
    axes: Mapping[str, Axis]

    def at(self, reference: str, value: Any, *, across: bool) -> float | None:
        """Return the point of a value that counts from an axis ("x2"), from a panel ("y domain") or from all."""
        if reference == "paper":
            return (self.left + float(value) * self.width) if across else (self.bottom + float(value) * self.height)
        name, _, rest = reference.partition(" ")
        axis = self.axes.get(name)
        if axis is None:
            return None
        return axis.start + float(value) * (axis.end - axis.start) if rest == "domain" else axis.at(value)


def shape(target: Group, options: Mapping[str, Any], paper: Paper) -> None:
    """Draw a line or a rectangle. Raises LookupError for any other shape."""
    x = [paper.at(str(options.get("xref") or "x"), options[end], across=True) for end in ("x0", "x1")]
    y = [paper.at(str(options.get("yref") or "y"), options[end], across=False) for end in ("y0", "y1")]
    if None in x or None in y:
        return
    (x0, x1), (y0, y1) = (float(end or 0) for end in x), (float(end or 0) for end in y)
    edge = options.get("line", {})
    colour = colour_of(edge.get("color") or "#444444", float(options.get("opacity") or 1.0))
    thickness = POINT * float(2.0 if edge.get("width") is None else edge["width"])
    if options.get("type") == "line":
        target.add(
            Line(
                x0,
                y0,
                x1,
                y1,
                strokeColor=colour,
                strokeWidth=max(thickness, 0.5),
                strokeDashArray=dashes(edge.get("dash")),
            )
        )
    elif options.get("type") == "rect":
        fill = (
            colour_of(options["fillcolor"], float(options.get("opacity") or 1.0)) if options.get("fillcolor") else None
        )
        target.add(
            Rect(
                min(x0, x1),
                min(y0, y1),
                abs(x1 - x0),
                abs(y1 - y0),
                fillColor=fill,
                strokeColor=colour if thickness else None,
                strokeWidth=thickness,
            )
        )
    else:
        raise LookupError(f"shape {options.get('type')!r}")


def note(target: Group, options: Mapping[str, Any], paper: Paper) -> None:
    """Write a note at its place; the arrow of one that has an arrow is a plain line."""
    x = paper.at(str(options.get("xref") or "x"), options["x"], across=True)
    y = paper.at(str(options.get("yref") or "y"), options["y"], across=False)
    if x is None or y is None:
        return
    font = options.get("font", {})
    size = LETTERS * float(font.get("size") or 12)
    colour = colour_of(font["color"]) if font.get("color") else INK
    if options.get("showarrow") is not False:
        ax, ay = (POINT * float(0 if options.get(name) is None else options[name]) for name in ("ax", "ay"))
        if math.hypot(ax, ay) > 1:
            target.add(Line(x, y, x + ax, y - ay, strokeColor=colour, strokeWidth=0.6))
        x, y = x + ax, y - ay
    x += POINT * float(options.get("xshift") or 0)
    y += POINT * float(options.get("yshift") or 0)
    across = _ACROSS.get(str(options.get("xanchor") or "center"), "middle")
    up = str(options.get("yanchor") or "middle").replace("auto", "middle")
    write(target, lines_of(options.get("text") or ""), x, y + (2 if up == "bottom" else 0), size, colour, across, up)
