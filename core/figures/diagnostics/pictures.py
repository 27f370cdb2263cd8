"""Pictures in figures: arrays to PNG, and tiles of pictures with captions."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (height, width, 3)
SIDE = 96  # pixels; smaller pictures are enlarged without smoothing, as a browser would blur them
ROW = 150  # height of a row of tiles with two lines of caption
CAPTION = 0.3  # share of a tile


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A picture with the lines below it and what a pointer on it says."""

    pixels: Pixels
    lines: tuple[str, ...]
    hover: str


def to_rgb(image: NDArray[Any], scale: float) -> Pixels:
    """Return a stored picture (H, W, 1 or 3) with raw values 0..scale as colours.

    >>> to_rgb(np.array([[[0], [16]]], np.uint8), 16.0)[0].tolist()
    [[0, 0, 0], [255, 255, 255]]
    """
    values = np.rint(np.clip(image.astype(np.float64) / scale, 0, 1) * 255).astype(np.uint8)
    return np.repeat(values, 3, axis=-1) if values.shape[-1] == 1 else values[..., :3]


def grey(values: NDArray[Any], low: float, high: float) -> Pixels:
    """Return numbers (H, W) as greys, `low` black and `high` white; what is not finite is black."""
    clean = np.nan_to_num(values.astype(np.float64), nan=low, posinf=high, neginf=low)
    shade = np.clip((clean - low) / (high - low if high > low else 1.0), 0, 1)
    return np.repeat(np.rint(shade * 255).astype(np.uint8)[..., None], 3, axis=-1)


def png(pixels: Pixels) -> bytes:
    """Return the pixels as a PNG file."""
    height, width = pixels.shape[:2]
    lines = np.zeros((height, 1 + 3 * width), np.uint8)  # each line starts with its filter: none
    lines[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def data_uri(pixels: Pixels, side: int = SIDE) -> str:
    """Return the pixels, enlarged to about `side`, as an address that holds the picture itself."""
    times = max(1, round(side / max(pixels.shape[:2])))
    large = pixels.repeat(times, axis=0).repeat(times, axis=1)
    return "data:image/png;base64," + base64.b64encode(png(large)).decode("ascii")


def tile_figure(tiles: Sequence[Tile], columns: int, row_height: int = ROW) -> go.Figure:
    """Draw tiles in rows from the left."""
    rows = -(-len(tiles) // columns)
    figure = go.Figure()
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        figure.add_layout_image(
            source=data_uri(tile.pixels),
            xref="x",
            yref="y",
            x=column + 0.5,
            y=row,
            sizex=0.92,
            sizey=1 - CAPTION,
            xanchor="center",
            yanchor="top",
            sizing="contain",
        )
        figure.add_annotation(
            x=column + 0.5, y=row + 1 - CAPTION, text="<br>".join(tile.lines), showarrow=False, yanchor="top"
        )
    places = [divmod(number, columns) for number in range(len(tiles))]
    figure.add_scatter(  # nothing to see: layout images have no hover of their own
        x=[column + 0.5 for _, column in places],
        y=[row + (1 - CAPTION) / 2 for row, _ in places],
        mode="markers",
        marker={"opacity": 0, "size": 60},
        customdata=[tile.hover for tile in tiles],
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
    )
    figure.update_layout(height=rows * row_height + 16, margin={"l": 4, "r": 4, "t": 8, "b": 8}, hovermode="closest")
    figure.update_annotations(font={"size": 11})
    figure.update_xaxes(visible=False, range=[0, columns], fixedrange=True)
    figure.update_yaxes(visible=False, range=[rows, 0], fixedrange=True)
    return figure
