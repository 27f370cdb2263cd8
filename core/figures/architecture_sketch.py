"""A network as a row of blocks, small enough for a card: a block per layer that learns, as high as it is wide."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

from core.figures.style import BLUE, GREEN, GREY, PINK, VERMILION
from core.model_config import CnnConfig, ModelConfig

WIDTH, HEIGHT = 320, 92  # of the drawing; it is scaled to its place
_BASE, _TALLEST, _SHORTEST = 62.0, 54.0, 5.0
_BLOCK = 22.0
_INK = "#7A7E87"  # contrast above 4 on white and on near-black
_LARGEST = 256  # units at which a block is as high as can be
_COLOURS = {"in": GREY, "conv": BLUE, "embed": BLUE, "LSTM": GREEN, "dense": VERMILION, "out": PINK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A layer: what it is in a word, how many units, filters or numbers it gives, and whether it reads both ways."""

    word: str
    units: int
    double: bool = False

    @property
    def height(self) -> float:
        """Height in the drawing: it grows with the square root of the units, so that 8 and 256 are both seen."""
        share = math.sqrt(min(self.units, _LARGEST) / _LARGEST)
        return _SHORTEST + share * (_TALLEST - _SHORTEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """The blocks from the input to the output."""

    blocks: tuple[Block, ...]

    @property
    def words(self) -> str:
        """Say the same in words."""
        names = {"conv": "convolution", "embed": "embedding", "out": "output", "in": "input"}
        parts = [
            f"{'bidirectional ' if block.double else ''}{names.get(block.word, block.word)} {block.units:,}"
            for block in self.blocks
        ]
        return "Network: " + ", ".join(parts)


def compute(config: ModelConfig, classes: int) -> Sketch:
    """Return the blocks of the network that `config` describes, for data of so many classes."""
    if isinstance(config, CnnConfig):
        body = [Block(word="conv", units=filters) for filters in config.filters]
    else:
        both = config.bidirectional
        body = [Block(word="embed", units=config.embedding_size)]
        body += [Block(word="LSTM", units=units, double=both) for units in config.lstm_units]
    head = [Block(word="dense", units=units) for units in config.dense_units]
    return Sketch(blocks=(*body, *head, Block(word="out", units=classes)))


def draw(sketch: Sketch) -> str:
    """Return the drawing as SVG. As an image it cannot know the theme, so its text is legible on light and dark."""
    slot = WIDTH / max(len(sketch.blocks), 6)
    start = (WIDTH - slot * len(sketch.blocks)) / 2
    centres = [start + slot * (place + 0.5) for place in range(len(sketch.blocks))]
    middle = _BASE - 2.5
    parts = [
        f'<line x1="{centres[0]:.1f}" y1="{middle}" x2="{centres[-1]:.1f}" y2="{middle}" '
        f'stroke="{_INK}" stroke-opacity="0.6" stroke-width="1.5"/>'
    ]
    for block, centre in zip(sketch.blocks, centres, strict=True):
        parts += _block(block, centre)
    name = escape(sketch.words, quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" height="{HEIGHT}" '
        f'role="img" aria-label="{name}" font-family="sans-serif" font-size="11" text-anchor="middle">'
        + "".join(parts)
        + "</svg>"
    )


def _block(block: Block, centre: float) -> list[str]:
    top, left = _BASE - block.height, centre - _BLOCK / 2
    colour = _COLOURS[block.word]
    shapes = [
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{_BLOCK}" height="{block.height:.1f}" rx="2" fill="{colour}"/>'
    ]
    if block.double:  # two directions: a line down the middle
        shapes.append(
            f'<line x1="{centre:.1f}" y1="{top:.1f}" x2="{centre:.1f}" y2="{_BASE}" stroke="white" stroke-width="2"/>'
        )
    texts = ((13, f"{block.units}"), (26, block.word))
    return shapes + [
        f'<text x="{centre:.1f}" y="{_BASE + below:.0f}" fill="{_INK}">{escape(text)}</text>' for below, text in texts
    ]
