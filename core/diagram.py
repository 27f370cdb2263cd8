"""A network as a picture to take away: vector graphics (SVG, PDF) and a bitmap (PNG) of the same drawing."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass
from xml.sax.saxutils import escape

import pypdfium2
from reportlab.graphics import renderPDF, renderSVG
from reportlab.graphics.shapes import Drawing, Line, Polygon, PolyLine, Rect, String
from reportlab.lib.colors import HexColor
from reportlab.pdfbase.pdfmetrics import stringWidth

from core.layer_colouring import COLOURINGS, LayerColours, ink
from core.network_graph import GraphNode, NetworkGraph, shape_text

# Points (1/72 inch)
_WIDTH, _HEIGHT = 230, 46
_GAP, _COLUMN_GAP = 18, 46
_MARGIN, _HEAD, _LEGEND_ROW = 28, 58, 16
_PER_COLUMN = 12  # then the drawing goes on at the top of the next column
_FONT, _BOLD = "Helvetica", "Helvetica-Bold"
_WEB_FONT = "font-family: Helvetica, Arial, 'Liberation Sans', sans-serif;"
_PIXELS_PER_POINT = 2.0
_LINE, _DARK = HexColor("#6B7078"), HexColor("#1F2328")
_PDFIUM = threading.Lock()  # the library may be used by one thread at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Lower left corner of a node's box."""

    x: float
    y: float


def diagram(graph: NetworkGraph, colours: LayerColours, title: str, subtitle: str = "") -> Drawing:
    """Draw `graph` from top to bottom, in columns, with its legend. The background is white: it is made for paper."""
    columns = -(-len(graph.nodes) // _PER_COLUMN)
    rows = min(len(graph.nodes), _PER_COLUMN)
    foot = _LEGEND_ROW * (len(colours.legend) + 2)
    width = 2 * _MARGIN + columns * _WIDTH + (columns - 1) * _COLUMN_GAP
    height = 2 * _MARGIN + _HEAD + rows * (_HEIGHT + _GAP) + foot
    drawing = Drawing(width, height)
    drawing.add(Rect(0, 0, width, height, fillColor=HexColor("#FFFFFF"), strokeColor=None))
    _head(drawing, title, subtitle, width, height)
    places = _places(graph, height - _MARGIN - _HEAD)
    for source, target in graph.edges:
        _arrow(drawing, places[source], places[target])
    for node in graph.nodes:
        _box(drawing, node, places[node.name], colours)
    _legend(drawing, colours, _MARGIN + foot - _LEGEND_ROW)
    return drawing


def to_svg(drawing: Drawing, title: str) -> bytes:
    """Return the drawing as an SVG document whose words are text, not outlines."""
    text = str(renderSVG.drawToString(drawing)).replace("<title>...</title>", f"<title>{escape(title)}</title>")
    # Browsers know neither the PDF's names of fonts nor, on many systems, the fonts.
    text = text.replace(f"font-family: {_BOLD};", f"{_WEB_FONT} font-weight: bold;")
    return text.replace(f"font-family: {_FONT};", _WEB_FONT).encode()


def to_pdf(drawing: Drawing, title: str) -> bytes:
    """Return the drawing as a PDF of one page, as large as the drawing."""
    buffer = io.BytesIO()
    renderPDF.drawToFile(drawing, buffer, msg=title, showBoundary=0, autoSize=1)
    return buffer.getvalue()


def to_png(drawing: Drawing) -> bytes:
    """Return the drawing as a bitmap with two pixels to the point, rendered from the PDF so that both look alike."""
    with _PDFIUM:
        document = pypdfium2.PdfDocument(to_pdf(drawing, "diagram"))
        try:
            image = document[0].render(scale=_PIXELS_PER_POINT).to_pil()
        finally:
            document.close()
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _places(graph: NetworkGraph, top: float) -> dict[str, _Place]:
    places = {}
    for index, node in enumerate(graph.nodes):
        column, row = divmod(index, _PER_COLUMN)
        places[node.name] = _Place(
            x=_MARGIN + column * (_WIDTH + _COLUMN_GAP), y=top - _HEIGHT - row * (_HEIGHT + _GAP)
        )
    return places


def _head(drawing: Drawing, title: str, subtitle: str, width: float, height: float) -> None:
    room = width - 2 * _MARGIN
    top = height - _MARGIN
    drawing.add(_text(_MARGIN, top - 14, _fitted(title, _BOLD, 15, room), _BOLD, 15))
    drawing.add(_text(_MARGIN, top - 32, _fitted(subtitle, _FONT, 10, room), _FONT, 10))


def _box(drawing: Drawing, node: GraphNode, place: _Place, colours: LayerColours) -> None:
    colour = colours.colours[node.name]
    pen = HexColor(ink(colour))
    drawing.add(Rect(place.x, place.y, _WIDTH, _HEIGHT, rx=6, ry=6, fillColor=HexColor(colour), strokeColor=_LINE))
    room = _WIDTH - 20
    size = f"{shape_text(node.output_shape)} · {node.parameters:,} parameters"
    detail = colours.words[node.name] if colours.by in ("dormant", "gradient") else size
    lines = ((f"{node.name} · {node.family}", _BOLD, 11, 27), (detail, _FONT, 9.5, 11))
    for words, font, points, rise in lines:
        drawing.add(_text(place.x + 10, place.y + rise, _fitted(words, font, points, room), font, points, pen))


def _arrow(drawing: Drawing, source: _Place, target: _Place) -> None:
    """Join two boxes: straight down, or round to the top of another column."""
    start, end = (source.x + _WIDTH / 2, source.y), (target.x + _WIDTH / 2, target.y + _HEIGHT)
    if source.x == target.x and source.y - target.y <= _HEIGHT + _GAP:
        drawing.add(Line(*start, *end, strokeColor=_LINE, strokeWidth=1.3))
    else:
        aside, below, above = source.x + _WIDTH + _COLUMN_GAP / 2, start[1] - _GAP / 2, end[1] + _GAP / 2
        corners = [*start, start[0], below, aside, below, aside, above, end[0], above, *end]
        drawing.add(PolyLine(corners, strokeColor=_LINE, strokeWidth=1.3))
    x, y = end
    drawing.add(Polygon([x, y, x - 4, y + 7, x + 4, y + 7], fillColor=_LINE, strokeColor=_LINE))


def _legend(drawing: Drawing, colours: LayerColours, top: float) -> None:
    drawing.add(_text(_MARGIN, top, f"Colour: {COLOURINGS[colours.by].lower()}", _BOLD, 9.5))
    for row, entry in enumerate(colours.legend, start=1):
        y = top - row * _LEGEND_ROW
        drawing.add(Rect(_MARGIN, y - 2, 14, 10, fillColor=HexColor(entry.colour), strokeColor=_LINE))
        drawing.add(_text(_MARGIN + 20, y, entry.label, _FONT, 9.5))


def _text(x: float, y: float, words: str, font: str, points: float, pen: HexColor = _DARK) -> String:
    return String(x, y, words, fontName=font, fontSize=points, fillColor=pen)


def _fitted(words: str, font: str, points: float, room: float) -> str:
    """Shorten `words` until they fit; the standard fonts know Western European letters only."""
    words = words.encode("cp1252", "replace").decode("cp1252")
    if stringWidth(words, font, points) <= room:
        return words
    while words and stringWidth(words + "…", font, points) > room:
        words = words[:-1]
    return words + "…"
