"""Gaussian blur: a picture out of focus."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.corruptions import CORRUPTIONS, Corruption, Level
from core.corruptions.images import reference_share, to_pixels


def blur(image: NDArray[np.uint8], level: Level, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Average each channel over the pixels around with Gaussian weights.

    The level's second number is their σ in pixels, or else its value. Beyond the edge the nearest pixel goes on.
    Nothing about it is random.
    """
    sigma = level.more[0] if level.more else level.value
    down, across = (_weights(side, sigma) for side in image.shape[:2])
    rows = np.tensordot(down, image.astype(np.float64), 1)
    return to_pixels(np.tensordot(across, rows, (1, 1)).swapaxes(0, 1))


@lru_cache(maxsize=16)
def _weights(side: int, sigma: float) -> NDArray[np.float64]:
    """Return how much each of a line's pixels counts at each place (side, side): SciPy's filter, got once for all."""
    from scipy.ndimage import gaussian_filter1d

    return np.asarray(gaussian_filter1d(np.eye(side), sigma, axis=0, mode="nearest"))


def fit(level: Level, shape: tuple[int, ...]) -> Level:
    """Keep the blur's share of the image: its width grows and shrinks with the shorter side.

    Weights taken at whole pixels are narrower than their σ where that is small, and at 0.2 blur nothing at all. What
    is kept in proportion is therefore their variance; `more` is the σ that has it.

    >>> found = fit(Level(value=1), (8, 8, 1))
    >>> round(found.value, 3), round(found.more[0], 3)
    (0.286, 0.401)
    """
    share = reference_share(shape)
    if share == 1:
        return level
    return Level(value=level.value * share, more=(_sigma_of(share * share * _variance(level.value)),))


def _variance(sigma: float) -> float:
    """Return the variance of Gaussian weights at whole pixels."""
    squares = np.arange(1.0, max(4.0, 6 * sigma)) ** 2
    weights = np.exp(-squares / (2 * sigma**2))
    return float(2 * (weights * squares).sum() / (1 + 2 * weights.sum()))


def _sigma_of(variance: float) -> float:
    """Return the σ whose weights at whole pixels have this variance, by bisection."""
    low, high = 0.05, 1.0 + 2 * math.sqrt(variance)
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _variance(middle) < variance else (low, middle)
    return high


CORRUPTIONS.register(
    "gaussian_blur",
    Corruption(
        name="gaussian_blur",
        label="Gaussian blur",
        description="Imitates a picture out of focus: each pixel becomes a mean of those around it, alike in all "
        "directions. The number is the standard deviation, in proportion to the size of the images.",
        unit="px",
        source="CIFAR-10-C (Hendrycks and Dietterich, 2019), for grey images MNIST-C (Mu and Gilmer, 2019)",
        levels=tuple(Level(value=sigma) for sigma in (0.4, 0.6, 0.7, 0.8, 1.0)),
        grey_levels=tuple(Level(value=sigma) for sigma in (1, 2, 3, 4, 6)),
        fit=fit,
        image=blur,
    ),
)
