"""Points, lines, bands and error bars of a figure."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.graphics.shapes import Group, Line
from reportlab.lib.colors import Color

from core.report.plotly_axis import Axis
from core.report.plotly_colours import INK, colour_of
from core.report.plotly_marks import area, line, mark
from core.report.plotly_text import lines_of, write

POINT = 0.62  # points of paper for a pixel of the screen
_MARK, _LINE = 6.0, 2.0  # pixels, where a trace says nothing
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Looks:
    """The colours of a trace: of its line, and of the mark with some number."""

    trace: Mapping[str, Any]
    fallback: str

    @property
    def opacity(self) -> float:
        return float(self.trace.get("opacity") or 1.0)

    def line(self) -> Color:
        found = self.trace.get("line", {}).get("color") or self._marker_colour(0) or self.fallback
        return colour_of(found, self.opacity)

    def marker(self, number: int) -> Color:
        marker = self.trace.get("marker", {})
        found = self._marker_colour(number) or self.trace.get("line", {}).get("color") or self.fallback
        strength = marker.get("opacity")
        return colour_of(found, self.opacity * (1.0 if strength is None else float(strength)))

    def _marker_colour(self, number: int) -> Any:
        return of_many(self.trace.get("marker", {}).get("color"), number)


def of_many(value: Any, number: int) -> Any:
    """Return an option of a mark: one for all, or one for each."""
    if value is None or isinstance(value, str) or not hasattr(value, "__len__"):
        return value
    return value[number] if number < len(value) else None


def places(trace: Mapping[str, Any], x: Axis, y: Axis) -> list[Place | None]:
    """Return where the points of a trace lie; None is a gap."""
    xs, ys = trace.get("x"), trace.get("y")
    ys = list(ys if ys is not None else ())
    xs = list(range(len(ys))) if xs is None else list(xs)
    found: list[Place | None] = []
    for one, other in zip(xs, ys, strict=False):
        a, b = x.at(one), y.at(other)
        found.append(None if a is None or b is None else (a, b))
    return found


def scatter(
    target: Group, trace: Mapping[str, Any], x: Axis, y: Axis, fallback: str, before: list[Place | None]
) -> None:
    """Draw a trace of points. `before`: where the trace before it lies, for a band that ends there."""
    mode = trace.get("mode") or "lines+markers"
    looks, spots = Looks(trace, fallback), places(trace, x, y)
    _fill(target, trace, spots, before, looks, y)
    _errors(target, trace, spots, x, y, looks)
    if "lines" in mode:
        options = trace.get("line", {})
        thickness = POINT * float(_LINE if options.get("width") is None else options["width"])
        for run in runs(spots):
            line(target, _stepped(run, options.get("shape")), looks.line(), thickness, options.get("dash"))
    if "markers" in mode:
        _marks(target, trace, spots, looks)
    if "text" in mode:
        _texts(target, trace, spots)


def runs(spots: Sequence[Place | None]) -> list[list[Place]]:
    """Return the parts of a line between its gaps."""
    found: list[list[Place]] = [[]]
    for spot in spots:
        if spot is None:
            found.append([])
        else:
            found[-1].append(spot)
    return [run for run in found if run]


def _stepped(run: list[Place], shape: Any) -> list[Place]:
    if shape != "hv":
        return run
    corners = run[:1]
    for (_, before), (x, y) in itertools.pairwise(run):
        corners += [(x, before), (x, y)]
    return corners


def _fill(
    target: Group,
    trace: Mapping[str, Any],
    spots: list[Place | None],
    before: list[Place | None],
    looks: Looks,
    y: Axis,
) -> None:
    kind = trace.get("fill")
    if not kind or kind == "none":
        return
    colour = colour_of(trace["fillcolor"]) if trace.get("fillcolor") else looks.line().clone(alpha=0.3)
    known = [spot for spot in spots if spot is not None]
    if kind == "tonexty":
        known += [spot for spot in reversed(before) if spot is not None]
    elif kind == "tozeroy" and known:
        floor = y.at(0) or y.start
        known = [(known[0][0], floor), *known, (known[-1][0], floor)]
    area(target, known, colour)


def _marks(target: Group, trace: Mapping[str, Any], spots: list[Place | None], looks: Looks) -> None:
    marker = trace.get("marker", {})
    if marker.get("opacity") == 0:
        return
    edge = marker.get("line", {}).get("color")
    for number, spot in enumerate(spots):
        if spot is not None:
            size = float(of_many(marker.get("size"), number) or _MARK)
            symbol = str(of_many(marker.get("symbol"), number) or "circle")
            outline = colour_of(of_many(edge, number)) if edge is not None else None
            mark(target, symbol, *spot, POINT * size / 2, looks.marker(number), outline)


def _texts(target: Group, trace: Mapping[str, Any], spots: list[Place | None]) -> None:
    place = str(trace.get("textposition") or "middle center")
    up = {"top": "bottom", "bottom": "top"}.get(place.split()[0], "middle")
    across = {"left": "end", "right": "start"}.get(place.split()[-1], "middle")
    texts = trace.get("text")
    for number, spot in enumerate(spots):
        text = of_many(texts, number)
        if spot is not None and text:
            write(target, lines_of(text), *spot, 7.0, INK, across, up)


def _errors(target: Group, trace: Mapping[str, Any], spots: list[Place | None], x: Axis, y: Axis, looks: Looks) -> None:
    for name, axis in (("error_x", x), ("error_y", y)):
        options = trace.get(name) or {}
        more = options.get("array")
        if more is None or options.get("visible") is False:
            continue
        less = options.get("arrayminus") if options.get("symmetric") is False else more
        less = more if less is None else less
        values = trace["x"] if name == "error_x" else trace["y"]
        colour = colour_of(options["color"]) if options.get("color") else looks.marker(0)
        thickness = POINT * float(options.get("thickness") or 2.0)
        cap = POINT * float(4.0 if options.get("width") is None else options["width"])
        for number, (spot, value) in enumerate(zip(spots, list(values), strict=False)):
            if spot is None or not (more[number] or less[number]):
                continue
            middle = axis.unit(value)
            if middle is None:
                continue
            ends = [axis.at(float(value) - float(less[number] or 0)), axis.at(float(value) + float(more[number] or 0))]
            known = [axis.low if end is None else end for end in ends]
            error_bar(target, spot, known[0], known[1], colour, thickness, cap, across=axis.across)


def error_bar(
    target: Group, spot: Place, low: float, high: float, colour: Color, thickness: float, cap: float, *, across: bool
) -> None:
    """Draw an interval through a point with its two caps."""
    x, y = spot
    look = {"strokeColor": colour, "strokeWidth": thickness}
    if across:
        target.add(Line(low, y, high, y, **look))
        for end in (low, high):
            target.add(Line(end, y - cap / 2, end, y + cap / 2, **look))
    else:
        target.add(Line(x, low, x, high, **look))
        for end in (low, high):
            target.add(Line(x - cap / 2, end, x + cap / 2, end, **look))
