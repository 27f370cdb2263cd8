"""JPEG: the traces of saving a picture in few bytes."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from core.corruptions import CORRUPTIONS, Corruption, Level

_COLOUR = 3  # channels that JPEG stores together, as luminance and colour


def compress(image: NDArray[np.uint8], level: Level, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Save the image as JPEG of the level's quality and read it back, in memory (Pillow).

    Three channels are colours, which JPEG mixes; any other number are grey pictures, each saved on its own. Nothing
    about it is random.
    """
    if image.shape[-1] == _COLOUR:
        return _saved(image, int(level.value))
    return np.stack([_saved(image[..., channel], int(level.value)) for channel in range(image.shape[-1])], axis=-1)


def _saved(picture: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    from PIL import Image

    file = BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file), np.uint8)


CORRUPTIONS.register(
    "jpeg",
    Corruption(
        name="jpeg",
        label="JPEG",
        description="Imitates pictures saved in few bytes: fine detail goes, blocks of 8 by 8 pixels and ripples at "
        "edges come.",
        unit="of 100, JPEG quality",
        source="CIFAR-10-C (Hendrycks and Dietterich, 2019); for grey images, of which MNIST-C has none in its set, "
        "even steps of the range 75 to 10 that was asked for",
        levels=tuple(Level(value=quality) for quality in (80, 65, 58, 50, 40)),
        grey_levels=tuple(Level(value=quality) for quality in (75, 59, 43, 26, 10)),
        asked_levels=tuple(Level(value=quality) for quality in (82, 64, 46, 28, 10)),
        image=compress,
    ),
)
