"""Shifting images: raw pixels in, raw pixels out, before anything that a model does with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInputError
from core.shifts.entry import Canvas, Shift

_BLOCK = 512  # images at a time, which bounds the memory for their unrounded pixels


def shift_images(x: NDArray[np.uint8], shift: Shift, strength: float, canvas: Canvas) -> NDArray[np.uint8]:
    """Return the images `x` (N, H, W, C) uint8 shifted; the same array for strength 0.

    Raises InvalidInputError for other shapes and types, and for a strength below 0 or beyond the strongest level.
    """
    if x.ndim != 4 or x.dtype != np.uint8:
        raise InvalidInputError(f"images must be uint8 of shape (N, H, W, C), got {x.dtype} of shape {x.shape}")
    if not 0 <= strength <= shift.strongest:
        raise InvalidInputError(f"strength of {shift.name} must be from 0 to {shift.strongest:g}, got {strength:g}")
    if strength == 0:
        return x
    result = np.empty_like(x)
    for start in range(0, len(x), _BLOCK):
        block = slice(start, start + _BLOCK)
        result[block] = np.rint(shift.images(x[block], strength, canvas)).clip(0, canvas.scale)
    return result
