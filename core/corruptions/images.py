"""Corrupting images: raw pixels in, raw pixels out, before anything that a model does with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.corruptions.entry import Corruption
from core.corruptions.noise import NoiseSource, check_request, row_numbers


def corrupt_images(
    x: NDArray[np.uint8],
    corruption: Corruption,
    severity: int,
    seed: int,
    *,
    dataset: str = "",
    rows: NDArray[np.integer] | None = None,
) -> NDArray[np.uint8]:
    """Return the images `x` (N, H, W, C) uint8 corrupted; the same array for severity 0. See `corrupt_texts`."""
    check_request(corruption, "image", severity)
    numbers = row_numbers(rows, len(x))
    if severity == 0:
        return x
    assert corruption.image is not None  # by check_request
    level = corruption.level(severity, x.shape[1:])
    source = NoiseSource(seed=seed, dataset=dataset, corruption=corruption.name, severity=severity)
    result = np.empty_like(x)
    for place, number in enumerate(numbers):
        result[place] = corruption.image(x[place], level, source.row(number))
    return result
