"""Contrast: a picture in fog, in which everything comes near its mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.corruptions import CORRUPTIONS, Corruption, Level
from core.corruptions.images import to_pixels


def flatten(image: NDArray[np.uint8], level: Level, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Shrink each value's distance from the mean of its channel in this image to the level's share.

    Nothing about it is random.

    >>> flatten(np.array([[[0], [100], [200]]], np.uint8), Level(value=0.5), np.random.default_rng(0)).ravel().tolist()
    [50, 100, 150]
    """
    mean = image.mean(axis=(0, 1), keepdims=True)
    return to_pixels((image - mean) * level.value + mean)


CORRUPTIONS.register(
    "contrast",
    Corruption(
        name="contrast",
        label="Low contrast",
        description="Imitates haze or a wrong exposure: light and dark come nearer to the mean of the picture.",
        unit="of the contrast left",
        source="CIFAR-10-C (Hendrycks and Dietterich, 2019)",
        levels=tuple(Level(value=share) for share in (0.75, 0.5, 0.4, 0.3, 0.15)),
        image=flatten,
    ),
)
