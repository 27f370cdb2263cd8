"""The letters of a report: an embedded font with Latin, Greek, arrows and signs, and what is done with all others."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FONT, BOLD = "ReportSans", "ReportSans-Bold"
_FOLDER = Path(__file__).parent / "fonts"
_FILES = {FONT: "DejaVuSansCondensed.ttf", BOLD: "DejaVuSansCondensed-Bold.ttf"}
NOTICE = "Letters that the font of this report does not have stand by their names, in angle brackets: ⟨hiragana o⟩."


@cache
def register() -> None:
    """Make the fonts known to ReportLab, once in a process. There is no slanted one: bold is enough."""
    for name, file in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, str(_FOLDER / file)))
    pdfmetrics.registerFontFamily(FONT, normal=FONT, bold=BOLD, italic=FONT, boldItalic=BOLD)


@cache
def _known() -> frozenset[int]:
    register()
    return frozenset.intersection(*(frozenset(pdfmetrics.getFont(name).face.charToGlyph) for name in _FILES))


def readable(text: str) -> str:
    """Return `text` in letters that the font has; what it lacks becomes its name, and never an empty box.

    >>> readable("お α → é"), readable("日本"), readable("a\\x00b")
    ('⟨hiragana o⟩ α → é', '⟨65E5⟩⟨672C⟩', 'ab')
    """
    if text.isascii() and text.isprintable():
        return text
    known = _known()
    return "".join(
        letter if ord(letter) in known and unicodedata.category(letter) not in ("Cc", "Cf") else _named(letter)
        for letter in text.replace("\t", " ").replace("\n", " ")
    )


def has_fallbacks(text: str) -> bool:
    """Return whether `readable` has to name a letter of `text`."""
    return "⟨" in readable(text) and "⟨" not in text


def _named(letter: str) -> str:
    if unicodedata.category(letter) in ("Cc", "Cf", "Mn"):  # control signs, and marks on the letter before
        return ""
    name = unicodedata.name(letter, "")
    if not name or name.startswith("CJK UNIFIED IDEOGRAPH"):
        return f"⟨{ord(letter):04X}⟩"
    return f"⟨{name.replace(' LETTER ', ' ').replace(' SYLLABLE ', ' ').lower()}⟩"


def width(text: str, size: float, font: str = FONT) -> float:
    """Return the width of a line in points."""
    register()
    return float(pdfmetrics.stringWidth(text, font, size))
