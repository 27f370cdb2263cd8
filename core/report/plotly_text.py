"""Text in figures: from Plotly's little HTML to lines of plain letters, drawn at an anchor."""

from __future__ import annotations

import html
import re
from typing import Any

from reportlab.graphics.shapes import Group, String
from reportlab.lib.colors import Color

from core.report.fonts import FONT, readable, width

LEADING = 1.18  # of the size of the letters
_TAG = re.compile(r"</?(?:b|i|em|strong|sub|sup|span|extra)(?:\s[^>]*)?>")
_BREAK = re.compile(r"<br\s*/?>")


def lines_of(text: Any) -> list[str]:
    """Return the lines of a Plotly text; entities and tags are resolved.

    >>> lines_of("a<br><b>b</b> &lt;c&gt;")
    ['a', 'b <c>']
    """
    return [readable(html.unescape(_TAG.sub("", line))) for line in _BREAK.split(str(text))]


def size_of(lines: list[str], size: float) -> tuple[float, float]:
    """Return width and height of lines in points."""
    return max((width(line, size) for line in lines), default=0.0), len(lines) * size * LEADING


def write(
    target: Group,
    lines: list[str],
    x: float,
    y: float,
    size: float,
    colour: Color,
    across: str = "middle",
    up: str = "middle",
) -> None:
    """Write `lines` at a point. `across`: which part of them is at x (start, middle, end); `up`: at y (top, …)."""
    height = len(lines) * size * LEADING
    top = y + {"top": 0.0, "middle": height / 2, "bottom": height}[up]
    for number, line in enumerate(lines):
        baseline = top - (number + 0.82) * size * LEADING
        target.add(String(x, baseline, line, fontName=FONT, fontSize=size, fillColor=colour, textAnchor=across))


def write_upright(target: Group, lines: list[str], x: float, y: float, size: float, colour: Color) -> None:
    """Write `lines` from bottom to top, their middle at a point."""
    inner = Group(transform=(0, 1, -1, 0, x, y))
    write(inner, lines, 0, 0, size, colour)
    target.add(inner)


def shortened(lines: list[str], size: float, room: float) -> list[str]:
    """Cut each line to fit `room` points."""
    return [_cut(line, size, room) for line in lines]


def _cut(line: str, size: float, room: float) -> str:
    if width(line, size) <= room:
        return line
    while line and width(line + "…", size) > room:
        line = line[:-1]
    return line.rstrip() + "…"
