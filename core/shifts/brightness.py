"""Brightness: more light, or a longer exposure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.shifts import SHIFTS, Canvas, Shift, Use

_LEVELS = (5.0, 10.0, 15.0, 20.0, 30.0)
# A step of the 8×8 digits is 1/16 of the range, and between steps there is nothing: 10 and 15 % would be the same.
_STEPS_OF_DIGITS = (6.25, 12.5, 18.75, 25.0, 31.25)


def brightened(x: NDArray[np.uint8], percent: float, canvas: Canvas) -> NDArray[np.float64]:
    """Add `percent` of the full range to the value (the largest channel) of each pixel of images (N, H, W, C).

    Hue and saturation stay, as in HSV, so all channels of a pixel grow by one factor; a black pixel becomes grey, and
    the full range is the end. In grey images the value is the pixel itself.

    >>> brightened(np.array([0, 100, 250], np.uint8).reshape(1, 1, 3, 1), 10, Canvas(scale=250.0)).ravel()
    array([ 25., 125., 250.])
    """
    pixels = x.astype(np.float64)
    value = pixels.max(axis=-1, keepdims=True)
    brighter = np.minimum(value + percent / 100 * canvas.scale, canvas.scale)
    return np.asarray(np.where(value > 0, pixels * (brighter / np.maximum(value, 1)), brighter))


SHIFTS.register(
    "brightness",
    Shift(
        name="brightness",
        label="Brighter",
        description="More light, or a longer exposure: a part of the full range is added to the value of every pixel, "
        "while its hue and saturation stay.",
        source="the five strengths of CIFAR-10-C (Hendrycks and Dietterich 2019); whole grey levels for the 8×8 digits",
        unit=" %",
        images=brightened,
        uses={"digits": Use(levels=_STEPS_OF_DIGITS, note="its strengths are one to five of its 16 grey steps")},
        elsewhere=Use(levels=_LEVELS),
    ),
)
