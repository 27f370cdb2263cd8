"""Gaussian noise: the grain of a picture taken in poor light."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.corruptions import CORRUPTIONS, Corruption, Level
from core.corruptions.images import WHITE, to_pixels


def add_noise(image: NDArray[np.uint8], level: Level, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Add to every value an independent draw from N(0, σ²), σ in shares of white; what leaves the range is cut off.

    >>> add_noise(np.full((1, 4, 1), 128, np.uint8), Level(value=0.1), np.random.default_rng(0)).ravel().tolist()
    [131, 125, 144, 131]
    """
    return to_pixels(image + rng.normal(0.0, level.value * WHITE, image.shape))


CORRUPTIONS.register(
    "gaussian_noise",
    Corruption(
        name="gaussian_noise",
        label="Gaussian noise",
        description="Imitates the grain of a sensor in poor light: every value is moved up or down by chance, on its "
        "own; the number is the standard deviation.",
        unit="of full brightness",
        source="CIFAR-10-C (Hendrycks and Dietterich, 2019), for grey images MNIST-C (Mu and Gilmer, 2019)",
        levels=tuple(Level(value=sigma) for sigma in (0.04, 0.06, 0.08, 0.09, 0.10)),
        grey_levels=tuple(Level(value=sigma) for sigma in (0.08, 0.12, 0.18, 0.26, 0.38)),
        asked_levels=tuple(Level(value=sigma) for sigma in (0.06, 0.12, 0.18, 0.24, 0.30)),
        image=add_noise,
    ),
)
