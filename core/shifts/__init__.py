"""Shifts: ways in which honest pictures differ from those that were trained on, one file each. Pure functions.

A file registers one `Shift`; the rest of the program finds it in `SHIFTS`. A shift is not damage: the row stays a good
picture of its class, and each says for which data sets that is true, and why not for others.
`core.shifts.images.shift_images` applies one and keeps the rules common to all:

1. Strength 0 gives back the very same array.
2. Every row is shifted alike and for itself: there is no chance in it, and no row hears of another.
3. Pixels stay whole numbers from 0 to the data set's own scale (16 for the 8×8 digits).
"""

from __future__ import annotations

from core.registry import Registry
from core.shifts.entry import Canvas, Shift, Use

__all__ = ["SHIFTS", "Canvas", "Shift", "Use"]

_MACHINERY = frozenset({"entry", "images"})

SHIFTS: Registry[Shift] = Registry("shift", __name__, skip=_MACHINERY)
