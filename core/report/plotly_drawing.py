"""A Plotly figure as a vector drawing for paper: the figures of a report are those of the page.

What the figures of this program use is understood: points, lines, bands, error bars, bars, heat maps, pictures laid
over, several panels, lines and zones and notes, logarithmic axes and a legend. Anything else raises UnsupportedFigure.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reportlab.graphics.shapes import Drawing, Group, Line, Path

from core.report.fonts import register
from core.report.plotly_axis import Axis
from core.report.plotly_bars import bars, lies
from core.report.plotly_cells import BAR, BAR_GAP, bar_labels, colour_bar, has_bar, heatmap, picture
from core.report.plotly_colours import GRID, INK, SOFT, WAY
from core.report.plotly_gaps import apart, with_gaps
from core.report.plotly_legend import ROW, legend, rows_of
from core.report.plotly_notes import LETTERS, Paper, note, shape
from core.report.plotly_scatter import Place, places, scatter
from core.report.plotly_text import lines_of, shortened, size_of, write, write_upright

if TYPE_CHECKING:
    import plotly.graph_objects as go

_log = logging.getLogger(__name__)
KNOWN = ("scatter", "scattergl", "bar", "heatmap")
HEIGHT = 0.6  # points of height for a pixel of the screen
_TICK, _TITLE, _BLANK = 6.8, 7.4, 3.0  # letters of ticks and titles, and the space around, in points
_LABELS = 0.42  # of the width, at most, for the labels of the rows
_INDENT = 40.0  # of the legend, at most
_CLIP = 5.0  # points by which marks may lie over the edge of their panel


class UnsupportedFigure(Exception):
    """A figure holds something that cannot be drawn on paper."""


def drawing_or_note(figure: go.Figure, width: float, height: float | None = None) -> Drawing:
    """Return the figure as a drawing, or a drawing that says where to see it; what went wrong is logged."""
    try:
        return drawing_of(figure, width, height)
    except Exception:  # a report without one figure is better than none
        _log.exception("a figure cannot be drawn on paper")
        sheet = Drawing(width, 30)
        write(sheet, ["This figure can only be seen in the app."], width / 2, 15, 8, SOFT)
        return sheet


def drawing_of(figure: go.Figure, width: float, height: float | None = None) -> Drawing:
    """Return `figure` as a drawing of `width` points. Raises UnsupportedFigure.

    `height` in points; without it as high as on the page, by the same measure as its letters.
    """
    register()
    document = figure.to_plotly_json()
    height = HEIGHT * float(document["layout"].get("height") or 320) if height is None else height
    sheet = Drawing(width, height)
    try:
        _Painter(document["data"], document["layout"], width, height).paint(sheet)
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise UnsupportedFigure(f"{type(error).__name__}: {error}") from error
    return sheet


class _Painter:
    def __init__(self, data: Any, layout: Mapping[str, Any], width: float, height: float) -> None:
        self.layout, self.width, self.height = with_gaps(layout, height), width, height
        self.traces = [
            (trace, WAY[number % len(WAY)]) for number, trace in enumerate(data) if trace.get("visible") is not False
        ]
        for trace, _ in self.traces:
            if trace.get("type", "scatter") not in KNOWN:
                raise UnsupportedFigure(f"traces of type {trace.get('type')!r} cannot be drawn on paper")
        self.axes = self._axes()
        self.legend = rows_of(self.traces, layout, width - _INDENT)
        self.paper = self._paper()

    # -- axes --------------------------------------------------------------------------------------------------------

    def _axes(self) -> dict[str, Axis]:
        names = {str(trace.get(f"{kind}axis") or kind) for trace, _ in self.traces for kind in "xy"} | {"x", "y"}
        names |= {key.replace("axis", "") for key in self.layout if key[:5] in ("xaxis", "yaxis")}
        axes = {
            name: Axis(name=name, options=self.layout.get(f"{name[0]}axis{name[1:]}") or {}) for name in sorted(names)
        }
        groups: dict[str, list[str]] = {}
        for name, axis in axes.items():
            groups.setdefault(str(axis.options.get("matches") or name), []).append(name)
        for leader, members in groups.items():
            self._settle(axes, [*{leader, *members} & set(axes)])
        return axes

    def _settle(self, axes: dict[str, Axis], names: list[str]) -> None:
        """Let axes that belong together span the same."""
        values: list[Any] = []
        exact = from_zero = False
        for trace, _ in self.traces:
            kind = names[0][0]
            if str(trace.get(f"{kind}axis") or kind) not in names:
                continue
            values += _values(trace, kind)
            if trace.get("type") == "bar":
                measures = (kind == "x") == lies(trace)
                from_zero |= measures
                exact |= not measures
                if not measures:
                    values = _widened(values)
            elif trace.get("type") == "heatmap":
                exact, values = True, _widened(values)
        for name in names:
            axes[name].settle(values, exact=exact, from_zero=from_zero)

    def _paper(self) -> Paper:
        """Find the room that labels, legend and notes leave, and place the axes in it."""
        top = ROW * len(self.legend) + (4 if self.legend else 2) + self._above()
        bottom, left, right = _BLANK, _BLANK, 8.0
        shown = [axis for axis in self.axes.values() if axis.visible]
        for axis in (axis for axis in shown if axis.across):
            ticks = axis.ticks(self.width * (axis.domain[1] - axis.domain[0]))
            deep = max((size_of(lines, _TICK)[1] for _, lines in ticks), default=0.0) + 4 + _title_room(axis)
            if axis.options.get("side") == "top":
                top = max(top, deep + ROW * len(self.legend))
            elif self._outermost(axis):
                bottom = max(bottom, deep + 2)
        inner = self.height - top - bottom
        for axis in (axis for axis in shown if not axis.across and self._outermost(axis)):
            ticks = axis.ticks(inner * (axis.domain[1] - axis.domain[0]))
            labelled = axis.options.get("showticklabels") is not False
            wide = max((size_of(lines, _TICK)[0] for _, lines in ticks if labelled), default=0.0)
            left = max(left, min(wide, _LABELS * self.width) + 8 + _title_room(axis))
        for trace, _ in self.traces:
            if has_bar(trace):
                labels = max((size_of(lines, 6.5)[0] for _, lines in bar_labels(trace, 100)), default=0)
                right = max(right, BAR_GAP + BAR + 5 + labels)
        paper = Paper(left, bottom, self.width - left - right, inner, self.axes)
        for axis in self.axes.values():
            low, high = axis.domain
            start, length = (paper.left, paper.width) if axis.across else (paper.bottom, paper.height)
            axis.start, axis.end = start + low * length, start + high * length
        return paper

    def _outermost(self, axis: Axis) -> bool:
        """Return whether the labels of an axis lie outside of all panels, so that they need a margin."""
        return self._partner(axis).domain[0] <= 0.01

    def _above(self) -> float:
        """Return the room of notes that stand on top of all panels."""
        rooms = [
            size_of(lines_of(one.get("text") or ""), LETTERS * float(one.get("font", {}).get("size") or 12))[1] + 4
            for one in self.layout.get("annotations") or ()
            if one.get("yref") == "paper" and float(one.get("y") or 0) >= 0.99 and one.get("yanchor") == "bottom"
        ]
        return max(rooms, default=0.0)

    # -- painting ----------------------------------------------------------------------------------------------------

    def paint(self, sheet: Drawing) -> None:
        """Draw everything from the back to the front."""
        shapes = list(self.layout.get("shapes") or ())
        for one in shapes:
            if one.get("layer") == "below":
                shape(sheet, one, self.paper)
        for axis in self.axes.values():
            self._axis(sheet, axis)
        for pair in self._panels():
            self._panel(sheet, *pair)
        for one in shapes:
            if one.get("layer") != "below":
                shape(sheet, one, self.paper)
        for one in apart(self.layout.get("annotations") or (), self.paper):
            note(sheet, one, self.paper)
        legend(sheet, self.legend, min(self.paper.left, _INDENT), self.height - 1)

    def _panels(self) -> list[tuple[str, str]]:
        pairs = [(str(trace.get("xaxis") or "x"), str(trace.get("yaxis") or "y")) for trace, _ in self.traces]
        return list(dict.fromkeys(pairs))

    def _panel(self, sheet: Drawing, x_name: str, y_name: str) -> None:
        x, y = self.axes[x_name], self.axes[y_name]
        inside = Group()
        inside.add(_clip(x, y))
        mine = [
            (trace, fallback)
            for trace, fallback in self.traces
            if (str(trace.get("xaxis") or "x"), str(trace.get("yaxis") or "y")) == (x_name, y_name)
        ]
        for options in self.layout.get("images") or ():
            if (str(options.get("xref") or "x"), str(options.get("yref") or "y")) == (x_name, y_name):
                picture(inside, options, x, y)
        standing = [(trace, fallback) for trace, fallback in mine if trace.get("type") == "bar"]
        if standing:
            bars(inside, standing, x, y, self.layout)
        before: list[Place | None] = []
        for trace, fallback in mine:
            if trace.get("type") == "heatmap":
                heatmap(inside, trace, x, y)
                if has_bar(trace):
                    low, high = sorted((y.start, y.end))
                    colour_bar(sheet, trace, max(x.start, x.end) + BAR_GAP, low, high - low)
            elif trace.get("type", "scatter").startswith("scatter"):
                scatter(inside, trace, x, y, fallback, before)
                before = places(trace, x, y)
        sheet.add(inside)

    def _axis(self, sheet: Drawing, axis: Axis) -> None:
        used = {name for pair in self._panels() for name in pair}
        if not axis.visible or (used and axis.name not in used):  # a panel that stayed empty
            return
        other = self._partner(axis)
        ticks = axis.ticks(abs(axis.end - axis.start))
        if axis.options.get("showgrid") is not False:
            for unit, _ in ticks:
                spot = axis.place(unit)
                ends = (spot, other.start, spot, other.end) if axis.across else (other.start, spot, other.end, spot)
                sheet.add(Line(*ends, strokeColor=GRID, strokeWidth=0.5))
        if axis.across:
            self._across(sheet, axis, other, ticks)
        else:
            self._up(sheet, axis, other, ticks)

    def _partner(self, axis: Axis) -> Axis:
        fallback = "y" if axis.across else "x"
        return self.axes.get(str(axis.options.get("anchor") or f"{fallback}{axis.name[1:]}")) or self.axes[fallback]

    def _across(self, sheet: Drawing, axis: Axis, other: Axis, ticks: list[tuple[float, list[str]]]) -> None:
        top = axis.options.get("side") == "top"
        line = max(other.start, other.end) if top else min(other.start, other.end)
        labelled = axis.options.get("showticklabels") is not False
        deep = 0.0
        if labelled:
            size = self._fitting(axis, ticks)
            for unit, lines in ticks:
                write(
                    sheet,
                    lines,
                    axis.place(unit),
                    line + (3 if top else -3),
                    size,
                    SOFT,
                    "middle",
                    "bottom" if top else "top",
                )
            deep = max((size_of(lines, size)[1] for _, lines in ticks), default=0.0)
        if axis.title:
            middle, down = (axis.start + axis.end) / 2, line - 4 - deep
            width = size_of(axis.title, _TITLE)[0]
            middle = min(max(middle, width / 2 + 1), self.width - width / 2 - 1)
            write(
                sheet,
                axis.title,
                middle,
                line + 4 + deep if top else down,
                _TITLE,
                INK,
                "middle",
                "bottom" if top else "top",
            )

    def _fitting(self, axis: Axis, ticks: list[tuple[float, list[str]]]) -> float:
        """Return a size of letters at which neighbouring labels do not touch."""
        spots = sorted((axis.place(unit), size_of(lines, _TICK)[0]) for unit, lines in ticks)
        shares = [
            (right - left - 2) / max((wide + other) / 2, 0.1)
            for (left, wide), (right, other) in itertools.pairwise(spots)
        ]
        return _TICK * min(1.0, max(0.55, min(shares, default=1.0)))

    def _up(self, sheet: Drawing, axis: Axis, other: Axis, ticks: list[tuple[float, list[str]]]) -> None:
        line = min(other.start, other.end)
        labelled = axis.options.get("showticklabels") is not False
        wide = 0.0
        if labelled:
            fitted = [(unit, shortened(lines, _TICK, _LABELS * self.width)) for unit, lines in ticks]
            for unit, lines in fitted:
                write(sheet, lines, line - 4, axis.place(unit), _TICK, SOFT, "end")
            wide = max((size_of(lines, _TICK)[0] for _, lines in fitted), default=0.0)
        if axis.title:
            middle = (axis.start + axis.end) / 2
            write_upright(
                sheet,
                self._fitted_title(axis),
                line - 6 - wide - size_of(axis.title, _TITLE)[1] / 2,
                middle,
                _TITLE,
                INK,
            )

    def _fitted_title(self, axis: Axis) -> list[str]:
        return shortened(axis.title, _TITLE, abs(axis.end - axis.start) + 24)


def _title_room(axis: Axis) -> float:
    return size_of(axis.title, _TITLE)[1] + 2 if axis.title else 0.0


def _clip(x: Axis, y: Axis) -> Path:
    left, right = sorted((x.start, x.end))
    bottom, top = sorted((y.start, y.end))
    path = Path(isClipPath=1, fillColor=None, strokeColor=None)
    path.moveTo(left - _CLIP, bottom - _CLIP)
    for corner in ((right + _CLIP, bottom - _CLIP), (right + _CLIP, top + _CLIP), (left - _CLIP, top + _CLIP)):
        path.lineTo(*corner)
    path.closePath()
    return path


def _values(trace: Mapping[str, Any], kind: str) -> list[Any]:
    """Return what an axis has to show of a trace, error bars included."""
    given = trace.get(kind)
    if given is None:
        if trace.get("type") == "heatmap":
            rows = list(trace["z"])
            return list(range(len(rows) if kind == "y" else len(list(rows[0]))))
        other = trace.get("y" if kind == "x" else "x")
        return list(range(len(list(other if other is not None else ()))))
    values = [value for value in given if value is not None]
    options = trace.get(f"error_{kind}") or {}
    if options.get("array") is None:
        return values
    less = options.get("arrayminus") if options.get("symmetric") is False else options["array"]
    numbers = [
        (value, more, low) for value, more, low in zip(given, options["array"], less or options["array"], strict=False)
    ]
    ends = [
        end for value, more, low in numbers if value is not None for end in (value + (more or 0), value - (low or 0))
    ]
    return values + ends


def _widened(values: list[Any]) -> list[Any]:
    """Add half a cell to both ends of numbers that are the middles of cells."""
    numbers = sorted({float(value) for value in values if not isinstance(value, str)})
    if not numbers:
        return values
    half = min((b - a for a, b in itertools.pairwise(numbers)), default=1.0) / 2
    return [*values, numbers[0] - half, numbers[-1] + half]
