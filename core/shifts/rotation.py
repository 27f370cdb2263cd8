"""Rotation: the thing, or the camera, is turned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.shifts import SHIFTS, Canvas, Shift, Use

_ALL = (15.0, 30.0, 45.0, 60.0, 75.0, 90.0)
_DIGITS = Use(
    levels=_ALL[:3], excluded="turned further, a 6 comes near a 9 and a 4 near a 7, so that the digit may be another"
)
_PHOTOGRAPHS = Use(levels=_ALL, note="beyond some 30 degrees few photographs are like this")


def turned(x: NDArray[np.uint8], degrees: float, canvas: Canvas) -> NDArray[np.float64]:
    """Turn images (N, H, W, C) anticlockwise about their middle, by linear interpolation, within their frame.

    >>> turned(np.array([[1, 2], [3, 4]], np.uint8)[None, ..., None], 90, Canvas(scale=255.0)).round()[0, ..., 0]
    array([[2., 4.],
           [1., 3.]])
    """
    from scipy.ndimage import rotate

    mode = "constant" if canvas.background == "dark" else "nearest"
    return np.asarray(rotate(x.astype(np.float64), degrees, axes=(2, 1), reshape=False, order=1, mode=mode, cval=0.0))


SHIFTS.register(
    "rotation",
    Shift(
        name="rotation",
        label="Rotation",
        description="The picture is turned anticlockwise about its middle. What comes in at the corners is dark around "
        "digits and clothes; a photograph is continued by the pixels of its edge.",
        source="steps of 15 degrees up to a quarter turn are our choice",
        unit="°",
        images=turned,
        uses={
            "digits": _DIGITS,
            "mnist": _DIGITS,
            "fashion_mnist": Use(levels=_ALL),
            "cifar10": _PHOTOGRAPHS,
            "cifar100": _PHOTOGRAPHS,
            "cifar100_coarse": _PHOTOGRAPHS,
            "gtsrb": Use(
                levels=_ALL[:1], excluded="the direction of an arrow is the meaning of a sign, and a turn changes it"
            ),
        },
        elsewhere=Use(excluded="whether your classes outlive a turn is not known to this program"),
    ),
)
