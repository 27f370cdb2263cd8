"""Contrast: fog, dust on the lens, or a washed-out print."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.shifts import SHIFTS, Canvas, Shift, Use

_LEVELS = (25.0, 50.0, 60.0, 70.0, 85.0)


def flattened(x: NDArray[np.uint8], percent: float, _canvas: Canvas) -> NDArray[np.float64]:
    """Bring each pixel of images (N, H, W, C) nearer to the mean of its image and channel, by `percent` of the way.

    >>> flattened(np.array([0, 100], np.uint8).reshape(1, 1, 2, 1), 50, Canvas(scale=255.0)).ravel()
    array([25., 75.])
    """
    pixels = x.astype(np.float64)
    mean = pixels.mean(axis=(1, 2), keepdims=True)
    return np.asarray(mean + (pixels - mean) * (1 - percent / 100))


SHIFTS.register(
    "contrast",
    Shift(
        name="contrast",
        label="Less contrast",
        description="Fog, or a washed-out print: every pixel comes nearer to the mean of its image and colour.",
        source="the five strengths of CIFAR-10-C (Hendrycks and Dietterich 2019), as the part of the contrast that is "
        "lost",
        unit=" %",
        images=flattened,
        uses={},
        elsewhere=Use(levels=_LEVELS),
    ),
)
