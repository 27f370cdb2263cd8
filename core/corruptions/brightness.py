"""Brightness: a picture that is lit too much."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.corruptions import CORRUPTIONS, Corruption, Level
from core.corruptions.images import WHITE, to_pixels


def brighten(image: NDArray[np.uint8], level: Level, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Raise the value V of HSV, a pixel's largest channel, by the level in shares of white, to white at most.

    Hue and saturation stay; black has none, and turns grey. Nothing about it is random.

    >>> brighten(np.array([[[100, 50, 0], [0, 0, 0]]], np.uint8), Level(value=0.2), np.random.default_rng(0)).tolist()
    [[[151, 76, 0], [51, 51, 51]]]
    """
    value = image.max(axis=-1, keepdims=True).astype(np.float64)
    raised = np.minimum(value + level.value * WHITE, WHITE)
    return to_pixels(np.where(value > 0, image * (raised / np.maximum(value, 1.0)), raised))


CORRUPTIONS.register(
    "brightness",
    Corruption(
        name="brightness",
        label="Brightness",
        description="Imitates too much light: every pixel becomes brighter by the same amount, and the brightest turn "
        "white.",
        unit="of full brightness added",
        source="CIFAR-10-C (Hendrycks and Dietterich, 2019)",
        levels=tuple(Level(value=share) for share in (0.05, 0.10, 0.15, 0.20, 0.30)),
        image=brighten,
    ),
)
