"""Corruptions: damage that real data suffers, in five severities, one file each. Pure functions of row and seed.

A file registers one `Corruption`; the rest of the program finds it in `CORRUPTIONS`. `corrupt_texts` and
`corrupt_images` apply it to the rows of a part and keep the rules common to all:

1. Severity 0 gives back the very same arrays.
2. A row's noise depends on the seed, the data set, the corruption, the severity and the row's number, and on no
   other row: the same seed gives the same bytes, in whatever order or choice of rows it is asked for.
3. A text that has words keeps at least one.
4. An image is corrupted as values of 0 to 255, whatever its data set's scale, before anything that a model does, and
   comes back in its own scale.
"""

from __future__ import annotations

from core.corruptions.entry import Corruption, Level
from core.registry import Registry

__all__ = ["CORRUPTIONS", "Corruption", "Level"]

_MACHINERY = frozenset({"entry", "images", "noise", "texts"})

CORRUPTIONS: Registry[Corruption] = Registry("corruption", __name__, skip=_MACHINERY)
