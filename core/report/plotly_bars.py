"""Bars of a figure: standing or lying, side by side or on top of each other, hatched, with texts and error bars."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from reportlab.graphics.shapes import Group, Rect
from reportlab.lib.colors import Color

from core.report.plotly_axis import Axis
from core.report.plotly_colours import INK, colour_of
from core.report.plotly_marks import hatch
from core.report.plotly_scatter import POINT, error_bar, of_many
from core.report.plotly_text import lines_of, write

_GAP = 0.2  # of the room of a bar, where a figure says nothing


def lies(trace: Mapping[str, Any]) -> bool:
    """Return whether the bars of a trace go from left to right."""
    return trace.get("orientation") == "h"


def bars(
    target: Group, traces: Sequence[tuple[Mapping[str, Any], str]], x: Axis, y: Axis, layout: Mapping[str, Any]
) -> None:
    """Draw all bars of a panel; `traces` with the colour of those that name none."""
    mode = layout.get("barmode") or "group"
    gap = float(_GAP if layout.get("bargap") is None else layout["bargap"])
    between = float(layout.get("bargroupgap") or 0.0)
    count = len(traces) if mode == "group" else 1
    heights: dict[float, float] = {}
    for number, (trace, fallback) in enumerate(traces):
        flat = lies(trace)
        along, value_axis = (y, x) if flat else (x, y)
        room = _room(trace, along, flat) * (1 - gap)
        one = room / count
        thick = float(trace["width"]) if isinstance(trace.get("width"), int | float) else one * (1 - between)
        for place, (where, value) in enumerate(_pairs(trace, flat)):
            middle, end = along.unit(where), value_axis.unit(value)
            if middle is None or end is None:
                continue
            base = heights.get(middle, 0.0) if mode == "stack" else 0.0
            heights[middle] = base + end
            offset = -room / 2 + (number + 0.5) * one if mode == "group" else 0.0
            ends = along.place(middle + offset - thick / 2), along.place(middle + offset + thick / 2)
            span = value_axis.place(base), value_axis.place(base + end)
            box = (*span, *ends) if flat else (*ends, *span)
            _bar(target, trace, place, box, fallback)
            spot = (span[1], sum(ends) / 2) if flat else (sum(ends) / 2, span[1])
            _whisker(target, trace, place, spot, value_axis, base + end)
            _text(target, trace, place, spot, flat=flat)


def _pairs(trace: Mapping[str, Any], flat: bool) -> list[tuple[Any, Any]]:
    first, second = ("y", "x") if flat else ("x", "y")
    values = list(trace[second])
    where = list(range(len(values))) if trace.get(first) is None else list(trace[first])
    return list(zip(where, values, strict=False))


def _room(trace: Mapping[str, Any], along: Axis, flat: bool) -> float:
    """Return how far two neighbours are apart."""
    units = sorted({unit for where, _ in _pairs(trace, flat) if (unit := along.unit(where)) is not None})
    return min((b - a for a, b in itertools.pairwise(units)), default=1.0)


def _bar(
    target: Group, trace: Mapping[str, Any], place: int, box: tuple[float, float, float, float], fallback: str
) -> None:
    x0, x1, y0, y1 = box
    left, low, width, height = min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)
    marker, opacity = trace.get("marker", {}), float(trace.get("opacity") or 1.0)
    colour = colour_of(of_many(marker.get("color"), place) or fallback, opacity)
    edge = marker.get("line", {})
    outline = colour_of(of_many(edge.get("color"), place)) if edge.get("color") is not None else None
    pattern = marker.get("pattern", {})
    hatched = bool(of_many(pattern.get("shape"), place))
    fill = Color(*colour.rgb(), alpha=0.35 * colour.alpha) if hatched and not pattern.get("fgcolor") else colour
    target.add(Rect(left, low, width, height, fillColor=fill, strokeColor=outline, strokeWidth=0.5 if outline else 0))
    if hatched:
        foreground = of_many(pattern.get("fgcolor"), place)
        hatch(target, left, low, width, height, colour_of(foreground) if foreground else colour)


def _whisker(
    target: Group, trace: Mapping[str, Any], place: int, spot: tuple[float, float], axis: Axis, end: float
) -> None:
    options = trace.get("error_x" if axis.across else "error_y") or {}
    more = options.get("array")
    if more is None:
        return
    less = (
        options["arrayminus"] if options.get("symmetric") is False and options.get("arrayminus") is not None else more
    )
    if not (more[place] or less[place]):
        return
    ends = axis.place(end - float(less[place] or 0)), axis.place(end + float(more[place] or 0))
    colour = colour_of(options["color"]) if options.get("color") else INK
    thickness = POINT * float(options.get("thickness") or 2.0)
    cap = POINT * float(4.0 if options.get("width") is None else options["width"])
    error_bar(target, spot, *ends, colour, thickness, cap, across=axis.across)


def _text(target: Group, trace: Mapping[str, Any], place: int, spot: tuple[float, float], *, flat: bool) -> None:
    text = of_many(trace.get("text"), place)
    if not text or trace.get("textposition") == "none":
        return
    x, y = spot
    if flat:
        write(target, lines_of(text), x + 3, y, 7.0, INK, "start", "middle")
    else:
        write(target, lines_of(text), x, y + 2, 7.0, INK, "middle", "bottom")
