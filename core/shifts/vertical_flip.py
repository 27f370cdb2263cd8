"""Vertical flip: top and bottom change places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.shifts import SHIFTS, Canvas, Shift, Use

_DIGITS = Use(excluded="a digit on its head is none or another: a 6 becomes nearly a 9")
_PHOTOGRAPHS = Use(
    levels=(1.0,), note="a thing on its head keeps its class, but is unnatural: it shows a limit, not what to expect"
)


def upside_down(x: NDArray[np.uint8], _strength: float, _canvas: Canvas) -> NDArray[np.float64]:
    """Turn the order of the rows of images (N, H, W, C) round.

    >>> upside_down(np.array([[1, 2], [3, 4]], np.uint8)[None, ..., None], 1, Canvas(scale=255.0))[0, ..., 0]
    array([[3., 4.],
           [1., 2.]])
    """
    return x[:, ::-1].astype(np.float64)


SHIFTS.register(
    "vertical_flip",
    Shift(
        name="vertical_flip",
        label="Vertical flip",
        description="The picture is mirrored in water: top and bottom change places.",
        source="there is one way to do it",
        unit=None,
        images=upside_down,
        uses={
            "digits": _DIGITS,
            "mnist": _DIGITS,
            "fashion_mnist": Use(
                excluded="pieces are pictured upright, and the turns show already what lying otherwise does"
            ),
            "cifar10": _PHOTOGRAPHS,
            "cifar100": _PHOTOGRAPHS,
            "cifar100_coarse": _PHOTOGRAPHS,
            "gtsrb": Use(excluded="arrows and numbers change their meaning on their head"),
        },
        elsewhere=Use(excluded="whether your classes outlive it is not known to this program"),
    ),
)
