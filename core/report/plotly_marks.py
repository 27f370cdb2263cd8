"""Marks of points, lines and hatches, as small shapes."""

from __future__ import annotations

import math
from typing import Any

from reportlab.graphics.shapes import Circle, Group, Line, Polygon, PolyLine, Rect
from reportlab.lib.colors import Color, white

_DASHES = {"dot": (1.2, 2.2), "dash": (4.5, 3.0), "dashdot": (4.5, 2.2, 1.2, 2.2), "longdash": (8.0, 3.0)}
_CORNERS = {
    "diamond": [(0, 1.25), (1.25, 0), (0, -1.25), (-1.25, 0)],
    "triangle-up": [(0, 1.2), (1.1, -0.8), (-1.1, -0.8)],
    "triangle-down": [(0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
    "star": [
        (math.sin(math.pi * number / 5) * radius, math.cos(math.pi * number / 5) * radius)
        for number in range(10)
        for radius in [1.35 if number % 2 == 0 else 0.55]
    ],
}
_CROSSES = {"x": [(-1, -1, 1, 1), (-1, 1, 1, -1)], "cross": [(-1, 0, 1, 0), (0, -1, 0, 1)]}
SYMBOLS = frozenset({"circle", "square", *_CORNERS, *_CROSSES})


def dashes(name: Any) -> tuple[float, ...] | None:
    """Return the dashes of a line in points; None for a solid one.

    >>> dashes("dot"), dashes("solid")
    ((1.2, 2.2), None)
    """
    return _DASHES.get(str(name))


def mark(target: Group, symbol: str, x: float, y: float, radius: float, colour: Color, edge: Color | None) -> None:
    """Draw a mark with its middle at a point. `radius` in points; `edge`: colour of its outline."""
    plain, hollow = symbol.removesuffix("-open"), symbol.endswith("-open")
    look: dict[str, Any] = {
        "fillColor": white if hollow else colour,
        "strokeColor": colour if hollow else edge,
        "strokeWidth": 1.1 if hollow else 0.5,
    }
    if plain in _CROSSES:
        for x0, y0, x1, y1 in _CROSSES[plain]:
            side = 0.8 * radius
            target.add(
                Line(
                    x + side * x0,
                    y + side * y0,
                    x + side * x1,
                    y + side * y1,
                    strokeColor=colour,
                    strokeWidth=0.55 * radius,
                )
            )
    elif plain == "square":
        target.add(Rect(x - 0.9 * radius, y - 0.9 * radius, 1.8 * radius, 1.8 * radius, **look))
    elif plain in _CORNERS:
        corners = [number for dx, dy in _CORNERS[plain] for number in (x + radius * dx, y + radius * dy)]
        target.add(Polygon(corners, **look))
    else:
        target.add(Circle(x, y, radius, **look))


def line(target: Group, points: list[tuple[float, float]], colour: Color, thickness: float, dash: Any = None) -> None:
    """Draw a line through points."""
    if len(points) > 1 and thickness > 0:
        flat = [number for point in points for number in point]
        target.add(
            PolyLine(flat, strokeColor=colour, strokeWidth=thickness, strokeDashArray=dashes(dash), strokeLineJoin=1)
        )


def area(target: Group, points: list[tuple[float, float]], colour: Color) -> None:
    """Fill what points enclose."""
    if len(points) > 2:
        flat = [number for point in points for number in point]
        target.add(Polygon(flat, fillColor=colour, strokeColor=None, strokeWidth=0))


def hatch(target: Group, x: float, y: float, width: float, height: float, colour: Color, gap: float = 4.0) -> None:
    """Draw rising lines across a rectangle: what is hatched is told apart without colours."""
    start = -height
    while start < width:
        low, high = max(start, 0.0), min(start + height, width)
        if high > low:
            target.add(Line(x + low, y + low - start, x + high, y + high - start, strokeColor=colour, strokeWidth=0.6))
        start += gap
