"""Corrupting images: raw pixels in, raw pixels out, before anything that a model does with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.corruptions.entry import Corruption
from core.corruptions.noise import NoiseSource, check_request, row_numbers
from core.errors import InvalidInputError

WHITE = 255.0  # the highest value of the images that a corruption is handed


def to_pixels(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return numbers of 0 to 255 as whole ones; what lies outside is cut off.

    >>> to_pixels(np.array([-3.0, 0.6, 254.4, 300.0])).tolist()
    [0, 1, 254, 255]
    """
    return np.asarray(np.rint(np.clip(values, 0.0, WHITE)), np.uint8)


def reference_share(shape: tuple[int, ...]) -> float:
    """Return the shorter side of images (H, W, C) as a share of that for which levels in pixels are published.

    That is 28 for grey images (MNIST-C) and 32 for others (CIFAR-10-C): a blur of 6 of 32 pixels is one of 1.5 of 8.

    >>> reference_share((8, 8, 1)), reference_share((48, 64, 3))
    (0.2857142857142857, 1.5)
    """
    return min(shape[:2]) / (28 if shape[-1] == 1 else 32)


def corrupt_images(
    x: NDArray[np.uint8],
    corruption: Corruption,
    severity: int,
    seed: int,
    *,
    dataset: str = "",
    rows: NDArray[np.integer] | None = None,
    scale: float = WHITE,
) -> NDArray[np.uint8]:
    """Return the images `x` (N, H, W, C) uint8 corrupted; the same array for severity 0. See `corrupt_texts`.

    `scale` is the raw value that means white (`DatasetEntry.scale`): images of 0 to 16 are brought to 0 to 255,
    corrupted, and brought back, rounded to their own steps. A value that a corruption leaves alone comes back exactly.
    InvalidInputError for a corruption of texts, a severity outside 0 to 5 or a scale outside 1 to 255.
    """
    check_request(corruption, "image", severity)
    if not 1 <= scale <= WHITE:
        raise InvalidInputError(f"the scale of images must be from 1 to 255, got {scale:g}")
    numbers = row_numbers(rows, len(x))
    if severity == 0:
        return x
    assert corruption.image is not None  # by check_request
    level = corruption.level(severity, x.shape[1:])
    source = NoiseSource(seed=seed, dataset=dataset, corruption=corruption.name, severity=severity)
    values = np.arange(256)
    wide, own = to_pixels(values * (WHITE / scale)), np.rint(values * (scale / WHITE)).astype(np.uint8)
    result = np.empty(x.shape, np.uint8)
    for place, number in enumerate(numbers):
        result[place] = own[corruption.image(wide[x[place]], level, source.row(number))]
    return result
