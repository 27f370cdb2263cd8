"""Heat maps with their colour bars, and pictures laid over a figure."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

from PIL import Image as Pictures
from reportlab.graphics.shapes import Group, Image, Rect
from reportlab.lib.colors import white

from core.report.plotly_axis import Axis
from core.report.plotly_colours import INK, is_dark, on_scale
from core.report.plotly_scatter import POINT
from core.report.plotly_text import lines_of, size_of, write
from core.report.plotly_ticks import round_ticks, written

BAR, BAR_GAP = 9.0, 6.0  # points: the width of a colour bar, and how far it is from its panel
_LETTERS = 6.5
_SHARP = 4  # by what small pictures are enlarged, so that no viewer blurs them


def heatmap(target: Group, trace: Mapping[str, Any], x: Axis, y: Axis) -> None:
    """Draw the cells with their numbers."""
    rows = [list(row) for row in trace["z"]]
    low, high = limits(trace)
    columns = list(trace["x"]) if trace.get("x") is not None else list(range(len(rows[0])))
    lines = list(trace["y"]) if trace.get("y") is not None else list(range(len(rows)))
    wide = abs(x.place(1) - x.place(0)) - POINT * float(trace.get("xgap") or 0)
    tall = abs(y.place(1) - y.place(0)) - POINT * float(trace.get("ygap") or 0)
    texts = trace.get("text") if trace.get("texttemplate") else None
    for row, (line, values) in enumerate(zip(lines, rows, strict=True)):
        for column, (where, value) in enumerate(zip(columns, values, strict=True)):
            left, middle = x.at(where), y.at(line)
            if value is None or left is None or middle is None:
                continue
            colour = on_scale(trace["colorscale"], (float(value) - low) / (high - low) if high > low else 0.5)
            target.add(
                Rect(left - wide / 2, middle - tall / 2, wide, tall, fillColor=colour, strokeColor=None, strokeWidth=0)
            )
            if texts is not None and texts[row][column]:
                words = lines_of(texts[row][column])
                size = min(_LETTERS, _LETTERS * 0.92 * wide / max(size_of(words, _LETTERS)[0], 1))
                write(target, words, left, middle, size, white if is_dark(colour) else INK)


def limits(trace: Mapping[str, Any]) -> tuple[float, float]:
    """Return the numbers at the ends of the colours."""
    known = [float(value) for row in trace["z"] for value in row if value is not None]
    low, high = trace.get("zmin"), trace.get("zmax")
    return (min(known, default=0.0) if low is None else float(low)), (
        max(known, default=1.0) if high is None else float(high)
    )


def has_bar(trace: Mapping[str, Any]) -> bool:
    """Return whether a colour bar stands beside the panel."""
    return trace.get("type") == "heatmap" and trace.get("showscale") is not False


def bar_labels(trace: Mapping[str, Any], height: float) -> list[tuple[float, list[str]]]:
    """Return the ticks of a colour bar."""
    low, high = limits(trace)
    pattern = (trace.get("colorbar") or {}).get("tickformat")
    ticks = round_ticks(low, high, max(3, int(height / 34)))
    return [(tick, lines_of(written(tick, pattern))) for tick in ticks]


def colour_bar(target: Group, trace: Mapping[str, Any], left: float, bottom: float, height: float) -> None:
    """Draw the colours with their numbers."""
    low, high = limits(trace)
    title = (trace.get("colorbar") or {}).get("title") or {}
    words = lines_of(title.get("text") if isinstance(title, Mapping) else title) if title else []
    steps = 48
    usable = height - (10.0 if words else 0.0)
    for step in range(steps):
        colour = on_scale(trace["colorscale"], (step + 0.5) / steps)
        slice_height = usable / steps
        target.add(
            Rect(
                left,
                bottom + step * slice_height,
                BAR,
                slice_height + 0.3,
                fillColor=colour,
                strokeColor=None,
                strokeWidth=0,
            )
        )
    for tick, label in bar_labels(trace, usable):
        write(target, label, left + BAR + 3, bottom + (tick - low) / (high - low) * usable, _LETTERS, INK, "start")
    if words:
        write(target, words, left, bottom + height, _LETTERS, INK, "start", "top")


def picture(target: Group, options: Mapping[str, Any], x: Axis, y: Axis) -> None:
    """Draw a picture that is given as a data address, its proportions kept."""
    source = str(options["source"])
    with Pictures.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))) as opened:
        found = opened.convert("RGB")
    room = abs(x.place(float(options["sizex"])) - x.place(0)), abs(y.place(float(options["sizey"])) - y.place(0))
    scale = min(room[0] / found.width, room[1] / found.height)
    wide, tall = scale * found.width, scale * found.height
    middle = x.at(options["x"]), y.at(options["y"])
    if middle[0] is None or middle[1] is None:
        return
    if found.width < 100:
        found = found.resize((_SHARP * found.width, _SHARP * found.height), Pictures.Resampling.NEAREST)
    target.add(Image(middle[0] - wide / 2, middle[1] - tall / 2, wide, tall, found))
