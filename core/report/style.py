"""How a report looks: papers, sizes, colours, and how words become paragraphs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle

from core.report.fonts import BOLD, FONT, readable, register

Paper = Literal["A4", "Letter"]
PAPERS: dict[str, tuple[float, float]] = {"A4": A4, "Letter": LETTER}
MARGIN, HEAD, FOOT = 46.0, 48.0, 42.0  # points
INK, SOFT, LINE, SHADE = HexColor("#20242B"), HexColor("#5C6270"), HexColor("#C9CDD4"), HexColor("#EFF2F6")
COLOURS = {"green": "#00694C", "orange": "#A94A00", "blue": "#00588A", "gray": "#5C6270"}  # all readable on white
_BOLD_WORDS, _SLANTED = re.compile(r"\*\*(.+?)\*\*"), re.compile(r"\*(.+?)\*")
_CODE = re.compile(r"`(.+?)`")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The paper of a report; sizes in points."""

    paper: Paper

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of a page."""
        return PAPERS[self.paper]

    @property
    def width(self) -> float:
        """The room for text."""
        return self.size[0] - 2 * MARGIN

    @property
    def height(self) -> float:
        """The room for text."""
        return self.size[1] - HEAD - FOOT


@cache
def styles() -> dict[str, Any]:
    """Return the styles of paragraphs by name."""
    register()

    def style(name: str, size: float, lead: float, **options: Any) -> ParagraphStyle:
        base = {
            "fontName": FONT,
            "textColor": INK,
            "bulletFontName": FONT,
            "alignment": TA_LEFT,
            "splitLongWords": 1,
            "allowWidows": 0,
            "allowOrphans": 0,
        }
        return ParagraphStyle(name, fontSize=size, leading=lead, **(base | options))

    made = [
        style("title", 22, 27, fontName=BOLD, spaceAfter=4),
        style("subtitle", 11, 15, textColor=SOFT, spaceAfter=10),
        style("H1", 15, 19, fontName=BOLD, spaceBefore=12, spaceAfter=7, keepWithNext=1),
        style("H2", 11.5, 15, fontName=BOLD, spaceBefore=9, spaceAfter=4, keepWithNext=1),
        style("H2long", 11.5, 15, fontName=BOLD, spaceBefore=9, spaceAfter=4),  # above a table that may break
        style("H3", 9.2, 12, fontName=BOLD, spaceBefore=7, spaceAfter=2.5, keepWithNext=1),
        style("H3long", 9.2, 12, fontName=BOLD, spaceBefore=7, spaceAfter=2.5),  # above a table that may go on
        style("text", 8.8, 12.1, spaceAfter=4.5),
        style("small", 7.3, 9.7, textColor=SOFT, spaceAfter=4.5),
        style("bullet", 8.8, 11.9, leftIndent=10, bulletIndent=1, spaceAfter=2.6),
        style("reading", 8.0, 10.3, leftIndent=10, bulletIndent=1, spaceAfter=1.6),
        style("cell", 7.2, 8.9),
        style("head", 7.2, 8.9, fontName=BOLD),
        style("tiny", 6.1, 7.7),
        style("tinyhead", 6.1, 7.7, fontName=BOLD),
        style("lead", 10.5, 15, fontName=BOLD, spaceAfter=5),
        style("contents1", 9.4, 15, fontName=BOLD),
        style("contents2", 8.8, 12.6, leftIndent=14),
    ]
    return {one.name: one for one in made}


def plain(text: Any) -> str:
    """Return stored words as markup that shows them as they are.

    >>> plain("<b>a</b> & *b*")
    '&lt;b&gt;a&lt;/b&gt; &amp; *b*'
    """
    return escape(readable(str(text)))


def rich(text: str) -> str:
    """Return words of the program, in which bold ones are marked as in Markdown, as markup.

    >>> rich("**a** *b* < `c`")
    '<b>a</b> b &lt; c'
    """
    marked = _CODE.sub(r"\1", _SLANTED.sub(r"\1", _BOLD_WORDS.sub("\x01\\1\x02", text)))
    parts = re.split("([\x01\x02])", " ".join(marked.split()) if "\n" in marked else marked)
    return "".join({"\x01": "<b>", "\x02": "</b>"}.get(part, plain(part)) for part in parts)


def coloured(text: str, colour: str) -> str:
    """Return words in one of `COLOURS`, in bold."""
    return f'<font color="{COLOURS[colour]}"><b>{plain(text)}</b></font>'
