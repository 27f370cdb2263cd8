"""Pixelation: a small picture that was enlarged."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.corruptions import CORRUPTIONS, Corruption, Level
from core.corruptions.images import to_pixels

SMALL = 28  # pixels; the levels are published for images of 32


def pixelate(image: NDArray[np.uint8], level: Level, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Make the image smaller and then as large as it was, each channel on its own.

    A side of n pixels shrinks to int(n · level), one at least: 32 to 30 at 0.95, as published, by Pillow's box filter.
    That filter takes or leaves whole pixels, which in a picture of 8 by 8 is a matter of luck: below 28 pixels every
    cell is the mean of what it covers, by area, and the steps are fewer: 7, 7, 6, 6 and 5 of 8. Nothing about it is
    random.
    """
    height, width = image.shape[:2]
    rows, columns = (max(1, int(side * level.value)) for side in (height, width))
    if min(height, width) < SMALL:
        down, right = _through_cells(height, rows), _through_cells(width, columns)
        return to_pixels(np.einsum("ij,jkc,lk->ilc", down, image.astype(np.float64), right))
    from PIL import Image

    box = Image.Resampling.BOX
    channels = [Image.fromarray(np.ascontiguousarray(image[..., channel])) for channel in range(image.shape[-1])]
    shown = [channel.resize((columns, rows), box).resize((width, height), box) for channel in channels]
    return np.stack([np.asarray(channel, np.uint8) for channel in shown], axis=-1)


@lru_cache(maxsize=32)
def _through_cells(side: int, cells: int) -> NDArray[np.float64]:
    """Return the matrix (side, side) that turns a line of pixels into cells and back.

    >>> _through_cells(4, 2).tolist()[0]
    [0.5, 0.5, 0.0, 0.0]
    """
    edges, pixels = np.arange(cells + 1) * (side / cells), np.arange(side)
    shared = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    shared = np.maximum(shared, 0.0)  # (cells, pixels): how much of the line both cover
    return np.asarray((shared / shared.sum(axis=0)).T @ (shared / shared.sum(axis=1, keepdims=True)))


CORRUPTIONS.register(
    "pixelate",
    Corruption(
        name="pixelate",
        label="Pixelation",
        description="Imitates a small picture that was enlarged: neighbouring pixels flow together into larger "
        "squares, whose size is in proportion to that of the images.",
        unit="of the resolution left",
        source="CIFAR-10-C (Hendrycks and Dietterich, 2019)",
        levels=tuple(Level(value=share) for share in (0.95, 0.9, 0.85, 0.75, 0.65)),
        image=pixelate,
    ),
)
