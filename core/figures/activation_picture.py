"""What a layer puts out, as one picture: maps side by side, units over time, or units in lines."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

MAPS = 16  # of a layer that are shown side by side
ASPECT = 1.6  # width to height of the place for a picture
Kind = Literal["maps", "steps", "units"]
Pixels = NDArray[np.float32]


def clean(values: NDArray[Any]) -> Pixels:
    """Return `values` with holes where they are not finite numbers."""
    numbers = values.astype(np.float32)
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def picture(values: Pixels, longest: int) -> tuple[Pixels, Kind, int]:
    """Return rows of numbers with about `longest` to a side, their kind, and how many channels they show."""
    if values.ndim == 3:
        shown = min(values.shape[-1], MAPS)
        return _montage(values[..., :shown], longest), "maps", shown
    if values.ndim == 2:
        return _thin(values.T, longest), "steps", values.shape[1]
    return _wrapped(values.ravel()), "units", values.size


def _montage(values: Pixels, longest: int) -> Pixels:
    """Lay maps side by side in a near-square grid with a gap of NaN between them."""
    height, width, count = values.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    keep = max(1, math.ceil(max(height, width) * columns / longest))
    maps = values[::keep, ::keep]
    height, width = maps.shape[:2]
    grid = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan, dtype=np.float32)
    for index in range(count):
        row, column = divmod(index, columns)
        grid[row * (height + 1) : row * (height + 1) + height, column * (width + 1) : column * (width + 1) + width] = (
            maps[..., index]
        )
    return grid


def _wrapped(values: Pixels) -> Pixels:
    """Write a long row in several lines: four times as wide as high."""
    if values.size <= 32:
        return values.reshape(1, -1)
    width = math.ceil(math.sqrt(4 * values.size))
    lines = np.full(width * math.ceil(values.size / width), np.nan, dtype=np.float32)
    lines[: values.size] = values
    return lines.reshape(-1, width)


def _thin(values: Pixels, longest: int) -> Pixels:
    rows, columns = (max(1, math.ceil(side / (2 * longest))) for side in values.shape)
    return values[::rows, ::columns]


def place(pixels: Pixels) -> dict[str, float]:
    """Fit a picture into the same rectangle as all others: a frame cannot be trusted to zoom."""
    height, width = pixels.shape
    side = min(ASPECT / width, 1 / height)
    return {
        "x0": (ASPECT - (width - 1) * side) / 2,
        "dx": side,
        "y0": (1 - (height - 1) * side) / 2,
        "dy": side,
    }
