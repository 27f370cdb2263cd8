"""A report as a PDF: pages with running heads, a contents page with links, an outline, and facts about the file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, TableStyle
from reportlab.platypus.doctemplate import IndexingFlowable
from reportlab.platypus.tableofcontents import TableOfContents

from core.report.flowables import Text
from core.report.fonts import FONT, readable
from core.report.style import FOOT, HEAD, LINE, MARGIN, SOFT, Sheet, plain, styles
from core.report.tagging import TaggedCanvas

AUTHOR = "Model Health Lab"
_LEVELS = {"H1": 0, "H2": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the file says of itself. `running`: stands in the head of every page."""

    title: str
    subject: str
    keywords: tuple[str, ...]
    running: str
    version: str


class _Template(BaseDocTemplate):  # type: ignore[misc]  # ReportLab carries no types
    """Lays out pages, and tells the contents and the outline of every heading."""

    def __init__(self, target: io.BytesIO, sheet: Sheet, facts: Facts) -> None:
        width, height = sheet.size
        super().__init__(
            target,
            pagesize=sheet.size,
            title=facts.title,
            author=AUTHOR,
            subject=facts.subject,
            keywords=list(facts.keywords),
            creator=f"{AUTHOR} {facts.version}",
            lang="en-GB",
        )
        self.facts, self.sheet = facts, sheet
        self.total = 0  # pages of the pass before
        frame = Frame(MARGIN, FOOT, width - 2 * MARGIN, height - HEAD - FOOT, 0, 0, 0, 0)
        self.addPageTemplates(PageTemplate("page", [frame], onPage=self._running))

    def beforeDocument(self) -> None:
        """Open the outline beside the pages, and show the title in place of the file's name."""
        self.canv.showOutline()
        self.canv.setViewerPreference("DisplayDocTitle", "true")

    def afterPage(self) -> None:
        """Count the pages for the next pass."""
        self._counted = self.page

    def _endBuild(self) -> None:
        super()._endBuild()
        self.total = self._counted

    def afterFlowable(self, flowable: Any) -> None:
        """Enter a heading into outline and contents."""
        if isinstance(flowable, Text) and flowable.entry is not None:
            level = _LEVELS[flowable.role]
            self.canv.addOutlineEntry(readable(flowable.entry), flowable.key, level, closed=False)
            self.notify("TOCEntry", (level, plain(flowable.entry), self.page, flowable.key))

    def _running(self, canvas: TaggedCanvas, _: Any) -> None:
        width, height = self.sheet.size
        with canvas.artifact():
            canvas.setFont(FONT, 7.4)
            canvas.setFillColor(SOFT)
            canvas.setStrokeColor(LINE)
            canvas.setLineWidth(0.5)
            canvas.drawString(MARGIN, height - 32, readable(self.facts.running))
            canvas.drawRightString(width - MARGIN, height - 32, AUTHOR)
            canvas.line(MARGIN, height - 37, width - MARGIN, height - 37)
            canvas.line(MARGIN, 34, width - MARGIN, 34)
            canvas.drawString(MARGIN, 24, f"Program version {self.facts.version}")
            canvas.drawRightString(
                width - MARGIN, 24, f"page {canvas.getPageNumber()} of {max(self.total, canvas.getPageNumber())}"
            )


class Contents(TableOfContents):  # type: ignore[misc]
    """The list of all headings with their pages, each a link."""

    def __init__(self) -> None:
        looks = [styles()["contents1"], styles()["contents2"]]
        super().__init__(
            levelStyles=looks, dotsMinLevel=1, tableStyle=TableStyle([("LEFTPADDING", (0, 0), (-1, -1), 0)])
        )

    def drawOn(self, canvas: TaggedCanvas, x: float, y: float, _sW: float = 0) -> None:
        """Draw it as the document's contents."""
        with canvas.element("TOC"), canvas.element("TOCI"), canvas.marked():
            super().drawOn(canvas, x, y, _sW)


class _PageCount(IndexingFlowable):  # type: ignore[misc]
    """Nothing to see: asks for another pass until every page can say how many there are."""

    def __init__(self, template: _Template) -> None:
        super().__init__()
        self.template, self.known = template, 0

    def beforeBuild(self) -> None:
        """Remember what the pass before has counted."""
        self.known = self.template.total

    def isSatisfied(self) -> bool:
        """Return whether this pass has as many pages as the one before."""
        return self.known == self.template.total

    def wrap(self, *_: float) -> tuple[float, float]:
        """Return no size."""
        return 0, 0

    def draw(self) -> None:
        """Draw nothing."""


def build(story: Sequence[Any], sheet: Sheet, facts: Facts) -> bytes:
    """Lay out a report and return it as a PDF."""
    target = io.BytesIO()
    template = _Template(target, sheet, facts)
    template.multiBuild([*story, _PageCount(template)], canvasmaker=TaggedCanvas)
    return target.getvalue()
