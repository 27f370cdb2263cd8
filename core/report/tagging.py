"""The structure of a PDF for those who hear it: headings, paragraphs, lists, tables, and figures with words for them.

ReportLab writes no tags of its own. It lets content be marked, though, and the catalogue hold a structure tree
(ISO 32000-1, 14.7 and 14.8), which is built here while the document is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFObject, PDFPage, PDFString
from reportlab.pdfgen.canvas import Canvas

from core.report.fonts import FONT


@dataclass(slots=True, eq=False)
class Element:
    """A node of the structure: its role (P, H1, Figure, …), words for a figure, and what is in it, in reading order."""

    role: str
    alt: str | None = None
    kids: list[Element | Mark] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked part of a page: the page's reference in the file, and the number of the part on it."""

    page: Any
    number: int


class TaggedCanvas(Canvas):  # type: ignore[misc]  # ReportLab carries no types
    """A canvas that keeps the structure of what is drawn on it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **(options | {"initialFontName": FONT}))  # else one that is not embedded
        self.structure = Element("Document")
        self._open = [self.structure]
        self._marks: list[list[Element]] = [[]]  # by page: the element of every marked part
        self._quiet = 0

    @contextmanager
    def element(self, role: str, alt: str | None = None) -> Iterator[Element]:
        """What is drawn meanwhile belongs to a new element of the structure."""
        found = Element(role, alt)
        self._open[-1].kids.append(found)
        self._open.append(found)
        try:
            yield found
        finally:
            self._open.pop()

    @contextmanager
    def within(self, element: Element) -> Iterator[None]:
        """What is drawn meanwhile belongs to an element that was begun before: it goes on on another page."""
        self._open.append(element)
        try:
            yield
        finally:
            self._open.pop()

    @contextmanager
    def marked(self) -> Iterator[None]:
        """What is drawn meanwhile is content of the innermost open element."""
        if self._quiet:
            yield
            return
        element, number = self._open[-1], len(self._marks[-1])
        self._marks[-1].append(element)
        element.kids.append(Mark(self._doc.thisPageRef(), number))
        self._code.append(f"/{element.role} <</MCID {number}>> BDC")
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1
            self._code.append("EMC")

    @contextmanager
    def artifact(self) -> Iterator[None]:
        """What is drawn meanwhile says nothing: lines, backgrounds, running heads."""
        if self._quiet:
            yield
            return
        self._code.append("/Artifact BMC")
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1
            self._code.append("EMC")

    def showPage(self) -> None:
        """Close the page."""
        super().showPage()
        page = self._doc.Pages.pages[-1]
        page.__NoDefault__ = [*PDFPage.__NoDefault__, "StructParents", "Tabs"]
        page.StructParents = len(self._marks) - 1
        page.Tabs = PDFName("S")
        self._marks.append([])

    def save(self) -> None:
        """Write the document with its structure."""
        if len(self._code):
            self.showPage()
        catalogue = self._doc.Catalog
        catalogue.StructTreeRoot = self._tree()
        catalogue.MarkInfo = PDFDictionary({"Marked": "true"})
        super().save()

    def _tree(self) -> PDFDictionary:
        made: dict[int, PDFDictionary] = {}
        root = PDFDictionary({"Type": PDFName("StructTreeRoot")})
        reference = self._doc.Reference(root)
        document = self._node(self.structure, reference, made)
        numbers: list[PDFObject | int] = []
        for page, elements in enumerate(self._marks[:-1]):
            array = PDFArray([self._doc.Reference(made[id(element)]) for element in elements])
            numbers += [page, self._doc.Reference(array)]
        root.dict["K"] = document
        root.dict["ParentTree"] = self._doc.Reference(PDFDictionary({"Nums": PDFArray(numbers)}))
        root.dict["ParentTreeNextKey"] = len(self._marks)
        return root

    def _node(self, element: Element, parent: Any, made: dict[int, PDFDictionary]) -> Any:
        node = PDFDictionary({"Type": PDFName("StructElem"), "S": PDFName(element.role), "P": parent})
        made[id(element)] = node
        reference = self._doc.Reference(node)
        if element.alt is not None:
            node.dict["Alt"] = PDFString(element.alt)
        kids = [
            PDFDictionary({"Type": PDFName("MCR"), "Pg": kid.page, "MCID": kid.number})
            if isinstance(kid, Mark)
            else self._node(kid, reference, made)
            for kid in element.kids
        ]
        node.dict["K"] = PDFArray(kids)
        return reference
