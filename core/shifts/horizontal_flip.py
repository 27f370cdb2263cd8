"""Horizontal flip: left and right change places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.shifts import SHIFTS, Canvas, Shift, Use

_DIGITS = Use(excluded="a mirrored digit is none, and a mirrored 2 looks like a 5")


def mirrored(x: NDArray[np.uint8], _strength: float, _canvas: Canvas) -> NDArray[np.float64]:
    """Turn the order of the columns of images (N, H, W, C) round.

    >>> mirrored(np.array([[1, 2], [3, 4]], np.uint8)[None, ..., None], 1, Canvas(scale=255.0))[0, ..., 0]
    array([[2., 1.],
           [4., 3.]])
    """
    return x[:, :, ::-1].astype(np.float64)


SHIFTS.register(
    "horizontal_flip",
    Shift(
        name="horizontal_flip",
        label="Horizontal flip",
        description="The picture is seen in a mirror: left and right change places.",
        source="there is one way to do it",
        unit=None,
        images=mirrored,
        uses={
            "digits": _DIGITS,
            "mnist": _DIGITS,
            "fashion_mnist": Use(levels=(1.0,)),
            "cifar10": Use(levels=(1.0,)),
            "cifar100": Use(levels=(1.0,)),
            "cifar100_coarse": Use(levels=(1.0,)),
            "gtsrb": Use(excluded="a mirrored arrow points the other way, and a mirrored number is none"),
        },
        elsewhere=Use(excluded="whether your classes outlive a mirror is not known to this program"),
    ),
)
