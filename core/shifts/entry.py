"""What the program knows about a shift: what changes, how far, and for which data sets a row keeps its class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.datasets.entry import DatasetEntry
from core.errors import InvalidInputError

# Around strokes and clothes there is nothing; a photograph goes on beyond its edge.
_ON_NOTHING = ("digits", "mnist", "fashion_mnist")


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """What a shift has to know about pictures beside their pixels.

    `scale` is the pixel value that means 1. `background` is what comes in from outside: "dark" (0) for what is drawn on
    nothing, "edge" (the nearest pixel of the picture) for photographs, in which a black corner would be an object.
    """

    scale: float
    background: Literal["dark", "edge"] = "edge"

    @classmethod
    def of(cls, entry: DatasetEntry) -> Canvas:
        """Return that of a data set's pictures."""
        return cls(scale=entry.scale, background="dark" if entry.name in _ON_NOTHING else "edge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A shift on one data set: the strengths at which a row keeps its class (none: it is not applied).

    `excluded` says why it is not applied, or not beyond these strengths; `note` what a reader of its results has to
    know. Both go on after a colon, without a full stop; "" for nothing. 0 would be the picture as it is.
    """

    levels: tuple[float, ...] = ()  # weak to strong
    excluded: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if list(self.levels) != sorted(set(self.levels)) or any(level <= 0 for level in self.levels):
            raise InvalidInputError(f"levels of a shift must be above 0 and rise, got {self.levels}")
        if not self.levels and not self.excluded:
            raise InvalidInputError("a shift that is not applied to a data set must say why in `excluded`")


ShiftImages = Callable[[NDArray[np.uint8], float, Canvas], NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One shift of images.

    `images` takes pictures (N, H, W, C) uint8, a strength other than 0, and their canvas. It returns their new pixels
    in the same shape and scale, not yet rounded, and leaves what it was given untouched. `uses` holds what is known
    data set by data set, `elsewhere` what holds for all others, a person's own among them.
    """

    name: str
    label: str
    description: str  # what it imitates and what it does
    source: str  # where the strengths come from
    unit: str | None  # behind the number of a level; None: it has one level and no number
    images: ShiftImages
    uses: Mapping[str, Use]
    elsewhere: Use

    @property
    def strongest(self) -> float:
        """The strength beyond which it is not defined."""
        return max((level for use in (*self.uses.values(), self.elsewhere) for level in use.levels), default=0.0)

    def use_for(self, entry: DatasetEntry) -> Use:
        """Return how it is used on a data set of images."""
        return self.uses.get(entry.name, self.elsewhere)

    def level_label(self, level: float) -> str:
        """Name one strength for people.

        >>> from core.shifts import SHIFTS
        >>> SHIFTS["rotation"].level_label(15), SHIFTS["horizontal_flip"].level_label(1)
        ('Rotation, 15°', 'Horizontal flip')
        """
        return self.label if self.unit is None else f"{self.label}, {level:g}{self.unit}"
