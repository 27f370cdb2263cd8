"""The parts that reports are made of: headings, paragraphs, lists, tables that fit, figures with captions."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reportlab.platypus import CondPageBreak, PageBreak, Spacer, TableStyle

from core.report.flowables import AnyOrder, Beside, Figure, Grid, Text
from core.report.fonts import BOLD, readable, width
from core.report.plotly_drawing import drawing_or_note
from core.report.style import LINE, SHADE, plain, rich, styles

if TYPE_CHECKING:
    import plotly.graph_objects as go

NONE = "–"
_PAD = 3.0  # points beside the words of a cell
_keys = itertools.count()


def heading(words: str, role: str = "H1", *, entry: str | None = None, listed: bool = True) -> Text:
    """Return a heading; `listed`: with an entry in contents and outline, its words unless `entry` has others."""
    if not listed:
        return Text(plain(words), styles()[role], role.removesuffix("long"))
    return Text(plain(words), styles()[role], role.removesuffix("long"), entry=entry or words, key=f"h{next(_keys)}")


def text(words: str, look: str = "text") -> Text:
    """Return a paragraph of the program's own words, in which **bold** ones may be marked."""
    return Text(rich(words), styles()[look])


def stored(words: str, look: str = "text") -> Text:
    """Return a paragraph of words from results or people, as they are."""
    return Text(plain(words), styles()[look])


def bullets(items: Sequence[str], *, own: bool = False, look: str = "bullet") -> list[Text]:
    """Return a list; `own`: the program's words with **bold** ones, else words as they are."""
    write = rich if own else plain
    return [Text(f"<bullet>•</bullet>{write(item)}", styles()[look], "LI") for item in items]


def gap(points: float = 6.0) -> Spacer:
    """Return some room."""
    return Spacer(1, points)


def new_page() -> PageBreak:
    """Return the end of a page."""
    return PageBreak()


def room_for(points: float) -> CondPageBreak:
    """Return the end of a page that has less room left."""
    return CondPageBreak(points)


def cell(value: Any) -> str:
    """Write a value of a table.

    >>> cell(None), cell(1234567), cell(0.12345678), cell(True), cell(12345.678)
    ('–', '1,234,567', '0.1235', 'yes', '12,345.68')
    """
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if isinstance(value, float):
        if value != value:
            return NONE
        return (f"{value:,.2f}" if abs(value) >= 1000 else f"{value:.4g}").replace("-", "−")
    return str(value).replace("p = ", "p\u00a0=\u00a0").replace("p < ", "p\u00a0<\u00a0")


def table(
    rows: Sequence[Mapping[str, Any]],
    room: float,
    title: str,
    *,
    tiny: bool = False,
    widths: Sequence[float] | None = None,
) -> Grid:
    """Return rows with the same keys as a table of `room` points: long cells are wrapped, nothing is cut off.

    `widths`: shares of the room by column; without them by what stands in the columns. Words only, no markup.
    """
    look, head = (styles()["tiny"], styles()["tinyhead"]) if tiny else (styles()["cell"], styles()["head"])
    columns = list(rows[0]) if rows else []
    words = [[cell(row[column]) for column in columns] for row in rows]
    shares = list(widths) if widths else _shares(columns, words, look.fontSize, room)
    whole = sum(shares)
    cells = [[Text(plain(column), head) for column in columns]]
    cells += [[Text(plain(word), look) for word in line] for line in words]
    made = Grid(cells, colWidths=[room * share / whole for share in shares], repeatRows=1, hAlign="LEFT")
    made.title = readable(title)
    pad = 1.3 if tiny else 2.4
    made.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), _PAD),
                ("RIGHTPADDING", (0, 0), (-1, -1), _PAD),
                ("TOPPADDING", (0, 0), (-1, -1), pad),
                ("BOTTOMPADDING", (0, 0), (-1, -1), pad),
                ("BACKGROUND", (0, 0), (-1, 0), SHADE),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
            ]
        )
    )
    made.spaceBefore, made.spaceAfter = 2, 6
    return made


def _shares(columns: Sequence[str], words: Sequence[Sequence[str]], size: float, room: float) -> list[float]:
    """Give every column what its longest word needs; then narrow ones all they want, and wide ones share the rest."""
    least, most = [], []
    for place, column in enumerate(columns):
        lines = [[width(part, size, BOLD) for part in readable(column).split()]]
        lines += [[width(part, size) for part in readable(line[place]).split(" ")] for line in words]
        around, space = 2 * _PAD + 1.5, width(" ", size)
        least.append(min(max((part for line in lines for part in line), default=0) + around, 0.5 * room))
        most.append(max(sum(line) + space * max(len(line) - 1, 0) for line in lines) + around)
    spare, found = room - sum(least), list(least)
    if spare <= 0:
        return found
    order = sorted(range(len(columns)), key=lambda place: most[place] - least[place])
    for number, place in enumerate(order):
        given = min(max(most[place] - least[place], 0.0), spare / (len(order) - number))
        found[place] += given
        spare -= given
    return [one + spare / len(columns) for one in found]


def small_table(title: str, rows: Sequence[Mapping[str, Any]], room: float) -> list[Any]:
    """Return a table in small letters below its title, as parts of a block."""
    return [heading(title, "H3", listed=False), table(rows, room, title, tiny=True)]


def titled(title: str, rows: Sequence[Mapping[str, Any]], room: float) -> list[Any]:
    """Return a table below its title, as parts of a block."""
    return [heading(title, "H3", listed=False), table(rows, room, title)]


def figure(
    drawn: go.Figure, room: float, title: str, how: str, alt: str, height: float | None = None, *, caption: bool = True
) -> list[Any]:
    """Return a figure with its title above and how to read it below, as flowables that belong together."""
    drawing = drawing_or_note(drawn, room, height)
    parts: list[Any] = [heading(title, "H3", listed=False), Figure(drawing, readable(alt))]
    return [*parts, text(how, "small")] if caption and how else parts


def beside(columns: Sequence[Sequence[Any]], room: float) -> Beside:
    """Return columns beside each other."""
    return Beside(columns, room)


def any_order(blocks: Sequence[Sequence[Any]], room: float) -> list[Any]:
    """Return blocks that stay whole, in the order in which they fill the pages best."""
    made = [one[0] if len(one) == 1 and isinstance(one[0], Beside) else Beside([one], room) for one in blocks if one]
    return [AnyOrder(made)] if made else []
