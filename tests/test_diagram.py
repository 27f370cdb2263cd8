"""The diagram to take away: each file is opened again and its content checked."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import pypdfium2
import pytest
from PIL import Image

from core.architecture import Architecture
from core.diagram import diagram, to_pdf, to_png, to_svg
from core.layer_colouring import colour_layers
from core.network_graph import network_graph
from tests.networks import cnn, cnn_trace, deep, lstm

TITLE = "runs & more <1>, trial 3"


def drawing(architecture: Architecture, by: str = "type", folded: bool = False):  # type: ignore[no-untyped-def]
    graph = network_graph(architecture, cnn_trace(), folded=folded)
    return diagram(graph, colour_layers(graph, by), TITLE, "1,234 parameters")  # type: ignore[arg-type]


def pdf_text(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    assert len(document) == 1
    return str(document[0].get_textpage().get_text_bounded())


@pytest.mark.parametrize("architecture", [cnn(), lstm(), deep()], ids=["cnn", "lstm", "deep"])
def test_pdf_and_svg_hold_every_layer_with_its_shape_and_the_legend(architecture: Architecture) -> None:
    made = drawing(architecture)
    svg = ElementTree.fromstring(to_svg(made, TITLE))
    texts = [element.text or "" for element in svg.iter() if element.tag.endswith("}text")]
    pdf = pdf_text(to_pdf(made, TITLE))
    for record in architecture.layers:
        assert any(text.startswith(f"{record.name} · ") for text in texts), record.name
        assert record.name in pdf
    for record in architecture.layers:
        assert any(text.endswith(f"· {record.parameters:,} parameters") for text in texts)
    assert TITLE in texts and TITLE in pdf and "Output" in texts


def test_svg_asks_for_fonts_that_browsers_have_and_is_titled() -> None:
    svg = to_svg(drawing(cnn()), TITLE).decode()
    assert "Helvetica-Bold" not in svg and "sans-serif; font-weight: bold" in svg
    assert "<title>runs &amp; more &lt;1&gt;, trial 3</title>" in svg


def test_health_is_written_too_not_only_coloured() -> None:
    pdf = pdf_text(to_pdf(drawing(cnn(), "dormant"), TITLE))
    assert "2 of 4 units dormant" in pdf and "10 to 50 % dormant" in pdf and "not measured" in pdf


def test_png_is_the_picture_of_the_pdf() -> None:
    made = drawing(cnn())
    image = Image.open(io.BytesIO(to_png(made)))
    image.load()
    assert image.format == "PNG"
    assert image.size == pytest.approx((2 * made.width, 2 * made.height), abs=2)
    colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 24) or []}
    assert (0x00, 0x72, 0xB2) in colours and (255, 255, 255) in colours  # a convolution, the paper


def test_sixty_layers_go_into_columns_and_a_folded_network_is_smaller() -> None:
    tall, folded = drawing(deep()), drawing(deep(), folded=True)
    assert tall.width > 4 * 230 and tall.height < 1200
    assert folded.width < tall.width / 2


def test_letters_that_the_fonts_lack_do_not_break_it() -> None:
    graph = network_graph(cnn())
    made = diagram(graph, colour_layers(graph, "type"), "прогон 数字 ✓", "x" * 500)
    assert "?" in pdf_text(to_pdf(made, "t")) and to_svg(made, "✓")
