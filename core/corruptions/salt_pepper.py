"""Salt and pepper: dead and hot pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.corruptions import CORRUPTIONS, Corruption, Level
from core.corruptions.images import WHITE


def sprinkle(image: NDArray[np.uint8], level: Level, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Make each value, on its own, full or zero with the level's probability; either with half of it.

    As in CIFAR-10-C the channels of a pixel are hit independently, so that coloured dots appear.

    >>> sprinkle(np.full((1, 6, 1), 128, np.uint8), Level(value=0.5), np.random.default_rng(1)).ravel().tolist()
    [128, 128, 0, 128, 255, 255]
    """
    drawn = rng.random(image.shape)
    result = image.copy()
    result[drawn < level.value] = int(WHITE)
    result[drawn < level.value / 2] = 0
    return result


CORRUPTIONS.register(
    "salt_pepper",
    Corruption(
        name="salt_pepper",
        label="Salt and pepper",
        description="Imitates dead and hot pixels and faults in transmission: single values turn full or zero, however "
        "their neighbours look.",
        unit="of the values full or zero",
        source="impulse noise of CIFAR-10-C (Hendrycks and Dietterich, 2019), for grey images of MNIST-C (Mu and "
        "Gilmer, 2019)",
        levels=tuple(Level(value=share) for share in (0.01, 0.02, 0.03, 0.05, 0.07)),
        grey_levels=tuple(Level(value=share) for share in (0.03, 0.06, 0.09, 0.17, 0.27)),
        asked_levels=tuple(Level(value=share) for share in (0.04, 0.08, 0.12, 0.16, 0.20)),
        image=sprinkle,
    ),
)
