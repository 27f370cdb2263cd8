"""The small drawing of a network: its blocks are asserted, its SVG parsed."""

from __future__ import annotations

import itertools
from xml.etree import ElementTree

import pytest

from core.figures.architecture_sketch import HEIGHT, WIDTH, Block, compute, draw
from core.model_config import CnnConfig, LstmConfig

SVG = "{http://www.w3.org/2000/svg}"


def test_an_image_network_has_a_block_per_layer_that_learns() -> None:
    sketch = compute(CnnConfig(filters=(8, 32), dense_units=(64,)), classes=10)
    assert [(block.word, block.units) for block in sketch.blocks] == [
        ("conv", 8),
        ("conv", 32),
        ("dense", 64),
        ("out", 10),
    ]
    assert sketch.words == "Network: convolution 8, convolution 32, dense 64, output 10"


def test_a_text_network_says_whether_it_reads_both_ways() -> None:
    sketch = compute(LstmConfig(lstm_units=(16,), bidirectional=True, dense_units=()), classes=2)
    assert sketch.words == "Network: embedding 32, bidirectional LSTM 16, output 2"
    assert draw(sketch).count("<line") == 2  # the axis, and the mark of two directions


def test_height_grows_with_the_root_of_the_units_and_has_a_limit() -> None:
    heights = [Block(word="dense", units=units).height for units in (1, 64, 256, 4096)]
    assert heights == sorted(heights)
    assert heights[2] == heights[3]
    low, middle, high = (Block(word="dense", units=units).height for units in (0, 64, 256))
    assert middle - low == pytest.approx((high - low) / 2)


@pytest.mark.parametrize(
    "config",
    [CnnConfig(), CnnConfig(filters=(64,) * 4, dense_units=(256,) * 4), LstmConfig(lstm_units=(64, 64))],
)
def test_the_drawing_is_valid_and_keeps_within_its_frame(config: CnnConfig | LstmConfig) -> None:
    sketch = compute(config, classes=46)
    root = ElementTree.fromstring(draw(sketch))
    blocks = list(root.iter(f"{SVG}rect"))
    assert len(blocks) == len(sketch.blocks)
    for block in blocks:
        left, top = float(block.attrib["x"]), float(block.attrib["y"])
        assert left >= 0
        assert left + float(block.attrib["width"]) <= WIDTH
        assert 0 <= top <= HEIGHT
    lefts = [float(block.attrib["x"]) for block in blocks]
    assert all(b - a >= 22 for a, b in itertools.pairwise(lefts))  # no two overlap
    assert root.attrib["aria-label"] == sketch.words
