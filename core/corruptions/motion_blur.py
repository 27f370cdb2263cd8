"""Motion blur: a camera or an object that moved while the picture was taken."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from core.corruptions import CORRUPTIONS, Corruption, Level
from core.corruptions.images import reference_share, to_pixels

STEEPEST = 45.0  # degrees from the horizontal, either way


def move(image: NDArray[np.uint8], level: Level, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Smear the image along one straight line, whose angle is drawn from U(-45°, 45°) for each image.

    Height and width only: no channel and no other image has a part in it. Beyond the edge the nearest pixel goes on.
    """
    kernel = motion_kernel(level, rng.uniform(-STEEPEST, STEEPEST))
    reach, (height, width) = len(kernel) // 2, image.shape[:2]
    down, across = (np.clip(np.arange(-reach, side + reach), 0, side - 1) for side in (height, width))
    padded = image[down[:, None], across].astype(np.float64)  # NumPy's `pad` takes as long as all the rest
    y, x = np.nonzero(kernel)  # a line has few places; a full convolution takes ten times as long
    moved = sliding_window_view(padded, (height, width), axis=(0, 1))[y, x]  # (places, C, H, W)
    return to_pixels(np.moveaxis(np.tensordot(kernel[y, x], moved, 1), 0, -1))


def motion_kernel(level: Level, angle: float) -> NDArray[np.float64]:
    """Return the weights (k, k), k odd, of the pixels around one, which add up to 1; `angle` in degrees.

    A level with a second number is ImageMagick's trail, as published: σ and radius r in pixels, weights
    exp(-t²/2σ²) at t = 0, 1, … 2r pixels to one side. One number is the length of an even line: t pixels from the
    middle count as far as the line covers them, so that length 1 is no blur. Points between pixels are shared out
    by their distance.

    >>> motion_kernel(Level(value=2), 0.0).tolist()
    [[0.0, 0.0, 0.0], [0.25, 0.5, 0.25], [0.0, 0.0, 0.0]]
    """
    if level.more:
        steps = np.arange(2 * math.ceil(level.more[0]) + 1)
        weights = np.exp(-(steps**2) / (2 * level.value**2))
    else:
        half = math.ceil(max(level.value - 1, 0.0) / 2)
        steps = np.arange(-half, half + 1)
        weights = np.clip(level.value / 2 - (np.abs(steps) - 0.5), 0.0, 1.0) if half else np.ones(1)
    reach = int(np.abs(steps).max())
    side = 2 * reach + 1
    x, y = steps * math.cos(math.radians(angle)), steps * math.sin(math.radians(angle))
    left, top = np.floor(x), np.floor(y)
    right, down = np.array([[0], [0], [1], [1]]), np.array([[0], [1], [0], [1]])  # the four pixels around each point
    share = np.abs(1 - right - (x - left)) * np.abs(1 - down - (y - top)) * weights
    places = ((top + down + reach) * side + left + right + reach).astype(int)
    inside = share > 1e-9
    kernel = np.bincount(places[inside], share[inside], side * side).reshape(side, side)
    return np.asarray(kernel / kernel.sum())


def fit(level: Level, shape: tuple[int, ...]) -> Level:
    """Keep the blur's share of the image: σ and radius, or what a line is longer than a pixel, go with its side.

    >>> fit(Level(value=7, more=(14,)), (8, 8, 1)), fit(Level(value=8), (8, 8, 1))
    (Level(value=2.0, more=(4.0,)), Level(value=3.0, more=()))
    """
    share = reference_share(shape)
    if level.more:
        return Level(value=level.value * share, more=tuple(number * share for number in level.more))
    return Level(value=1 + (level.value - 1) * share)


def _trails(*published: tuple[float, float]) -> tuple[Level, ...]:
    return tuple(Level(value=sigma, more=(radius,)) for radius, sigma in published)


CORRUPTIONS.register(
    "motion_blur",
    Corruption(
        name="motion_blur",
        label="Motion blur",
        description="Imitates a camera or an object that moves: the picture is smeared along a line, in a direction "
        "drawn anew for each image, 45 degrees from the horizontal at most. In proportion to the size of the images.",
        unit="px",
        source="CIFAR-10-C (Hendrycks and Dietterich, 2019), for grey images MNIST-C (Mu and Gilmer, 2019): the "
        "standard deviation of the trail that ImageMagick draws",
        levels=_trails((6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)),
        grey_levels=_trails((10, 3), (15, 5), (15, 8), (15, 12), (20, 15)),
        asked_levels=tuple(Level(value=length) for length in (2, 3, 5, 7, 9)),
        fit=fit,
        image=move,
    ),
)
