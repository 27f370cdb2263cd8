"""The legend of a figure: samples with their names, in rows above the panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.graphics.shapes import Group, Rect

from core.report.plotly_colours import INK, colour_of
from core.report.plotly_marks import hatch, line, mark
from core.report.plotly_scatter import POINT, Looks, of_many
from core.report.plotly_text import lines_of, size_of, write

SIZE, ROW = 7.2, 11.5  # of the letters, and of a row, in points
_SAMPLE, _GAP = 17.0, 12.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A trace with its name, its width in points, and the colour of a trace that names none."""

    trace: Mapping[str, Any]
    name: str
    room: float
    fallback: str


def rows_of(
    traces: Sequence[tuple[Mapping[str, Any], str]], layout: Mapping[str, Any], width: float
) -> list[list[Entry]]:
    """Return the entries of a legend row by row; none where the figure has no legend."""
    if layout.get("showlegend") is False:
        return []
    named = [
        (trace, fallback) for trace, fallback in traces if trace.get("name") and trace.get("showlegend") is not False
    ]
    if len(traces) < 2 and layout.get("showlegend") is not True:
        return []
    rows: list[list[Entry]] = []
    used = width + 1
    for trace, fallback in named:
        name = " ".join(lines_of(trace["name"]))
        room = _SAMPLE + 4 + size_of([name], SIZE)[0] + _GAP
        if used + room - _GAP > width:
            rows.append([])
            used = 0.0
        rows[-1].append(Entry(trace, name, room, fallback))
        used += room
    return rows


def legend(target: Group, rows: Sequence[Sequence[Entry]], left: float, top: float) -> None:
    """Draw the rows from a corner down."""
    for number, row in enumerate(rows):
        x, y = left, top - (number + 0.5) * ROW
        for entry in row:
            _sample(target, entry, x, y)
            write(target, [entry.name], x + _SAMPLE + 4, y, SIZE, INK, "start")
            x += entry.room


def _sample(target: Group, entry: Entry, x: float, y: float) -> None:
    trace, looks = entry.trace, Looks(entry.trace, entry.fallback)
    marker = trace.get("marker", {})
    if trace.get("type") == "bar":
        colour = colour_of(of_many(marker.get("color"), 0) or entry.fallback)
        pattern = marker.get("pattern", {})
        hatched = bool(of_many(pattern.get("shape"), 0))
        soft = colour.clone(alpha=0.35 * colour.alpha) if hatched and not pattern.get("fgcolor") else colour
        target.add(Rect(x + 4, y - 3.5, 9, 7, fillColor=soft, strokeColor=None, strokeWidth=0))
        if hatched:
            hatch(
                target, x + 4, y - 3.5, 9, 7, colour_of(pattern["fgcolor"]) if pattern.get("fgcolor") else colour, 3.0
            )
        return
    mode = trace.get("mode") or "lines+markers"
    if trace.get("fill") not in (None, "none") and trace.get("fillcolor"):
        target.add(
            Rect(x, y - 3.5, _SAMPLE, 7, fillColor=colour_of(trace["fillcolor"]), strokeColor=None, strokeWidth=0)
        )
    options = trace.get("line", {})
    if "lines" in mode:
        thickness = POINT * float(2.0 if options.get("width") is None else options["width"])
        line(target, [(x, y), (x + _SAMPLE, y)], looks.line(), thickness, options.get("dash"))
    if "markers" in mode:
        symbol = str(of_many(marker.get("symbol"), 0) or "circle")
        size = min(float(of_many(marker.get("size"), 0) or 6.0), 10.0)
        mark(target, symbol, x + _SAMPLE / 2, y, POINT * size / 2, looks.marker(0), None)
