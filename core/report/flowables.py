"""Paragraphs, lists, tables and figures that tell the structure of the document while they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportlab.graphics import renderPDF
from reportlab.graphics.shapes import Drawing
from reportlab.platypus import Flowable, Paragraph, Table

from core.report.tagging import Element

# ReportLab carries no types, so its classes are Any here.


class Text(Paragraph):  # type: ignore[misc]
    """A paragraph of some role: P, H1, H2, H3, LI or Caption. A heading has a `key` to link to, and an entry."""

    def __init__(
        self, markup: str, style: Any, role: str = "P", entry: str | None = None, key: str | None = None
    ) -> None:
        super().__init__(markup, style)
        self.role, self.entry, self.key = role, entry, key
        self._begun: list[Element] = []  # shared by the parts of a paragraph that goes on on the next page

    def split(self, width: float, height: float) -> list[Any]:
        """Split it where the page ends; the parts stay one paragraph of the structure."""
        parts = super().split(width, height)
        for part in parts:
            if part is not self:
                part.role, part.entry, part.key, part._begun = self.role, None, None, self._begun
        if parts and parts[0] is not self:
            parts[0].entry, parts[0].key = self.entry, self.key
        return list(parts)

    def draw(self) -> None:
        """Draw it as content of its element; a link to its key leads to its upper edge."""
        if self.key is not None:
            self.canv.bookmarkHorizontal(self.key, 0, self.height + 8)
        if self._begun and self.canv.structure is self._begun[1]:
            with self.canv.within(self._begun[0]), self.canv.marked():
                super().draw()
            return
        with self.canv.element(self.role) as element, self.canv.marked():
            super().draw()
        self._begun[:] = [element, self.canv.structure]


class Grid(Table):  # type: ignore[misc]
    """A table whose cells are read row by row, its first row as headings. `title` is its name for a screen reader."""

    title: str = ""

    def draw(self) -> None:
        """Draw backgrounds and lines as ornaments, and cells as content of their rows."""
        self._place = 0
        with self.canv.element("Table", self.title or None) as self._element:
            super().draw()

    def _drawBkgrnd(self) -> None:
        with self.canv.artifact():
            super()._drawBkgrnd()

    def _drawLines(self) -> None:
        with self.canv.artifact():
            super()._drawLines()

    def _drawCell(self, *arguments: Any) -> None:
        row, column = divmod(self._place, self._ncols)
        self._place += 1
        if column == 0:
            self._row = Element("TR")
            self._element.kids.append(self._row)
        with self.canv.within(self._row), self.canv.element("TH" if row < (self.repeatRows or 0) else "TD"):
            super()._drawCell(*arguments)

    def split(self, width: float, height: float) -> list[Any]:
        """Split it between rows; each part is a table with its headings."""
        parts = super().split(width, height)
        for part in parts:
            part.title = self.title
        return list(parts)


class Figure(Flowable):  # type: ignore[misc]
    """A drawing with words for those who cannot see it."""

    def __init__(self, drawing: Drawing, alt: str) -> None:
        super().__init__()
        self.drawing, self.alt = drawing, alt
        self.width, self.height = drawing.width, drawing.height

    def wrap(self, *_: float) -> tuple[float, float]:
        """Return its size."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw it."""
        with self.canv.element("Figure", self.alt), self.canv.marked():
            renderPDF.draw(self.drawing, self.canv, 0, 0)


class Beside(Flowable):  # type: ignore[misc]
    """Columns of flowables beside each other, read from left to right; they stay on one page."""

    def __init__(self, columns: Sequence[Sequence[Any]], width: float, gap: float = 12.0) -> None:
        super().__init__()
        self.columns, self.gap, self.whole = columns, gap, width
        self.spaceBefore, self.spaceAfter = 6, 4

    def wrap(self, *_: float) -> tuple[float, float]:
        """Return the size that the highest column needs."""
        room = (self.whole - self.gap * (len(self.columns) - 1)) / len(self.columns)
        canvas = getattr(self, "canv", None)
        self.sizes = [[(one, *one.wrapOn(canvas, room, 1e4)) for one in column] for column in self.columns]
        self.room = room
        self.height = max(sum(size[2] + one_space(size[0]) for size in column) for column in self.sizes)
        return self.whole, self.height

    def draw(self) -> None:
        """Draw the columns from the top down."""
        for number, column in enumerate(self.sizes):
            y = self.height
            for one, _, high in column:
                y -= high
                one.drawOn(self.canv, number * (self.room + self.gap), y)
                y -= one_space(one)


class AnyOrder(Flowable):  # type: ignore[misc]
    """Blocks of which each page takes those that fit, the earlier ones first, so that little of it stays empty."""

    def __init__(self, blocks: Sequence[Beside]) -> None:
        super().__init__()
        self.blocks = list(blocks)

    def wrap(self, width: float, _: float) -> tuple[float, float]:
        """Return a height that fits nowhere: it is always split."""
        return width, 1e6

    def split(self, width: float, height: float) -> list[Any]:
        """Return the first block that fits, and the others; none where none fits."""
        sizes = [one.wrapOn(getattr(self, "canv", None), width, height)[1] + one.spaceBefore for one in self.blocks]
        fitting = next((number for number, size in enumerate(sizes) if size <= height), None)
        if fitting is None:
            return []
        rest = [one for number, one in enumerate(self.blocks) if number != fitting]
        return [self.blocks[fitting], *([AnyOrder(rest)] if rest else [])]


def one_space(flowable: Any) -> float:
    """Return the space below a flowable within a column."""
    return float(flowable.getSpaceAfter())
