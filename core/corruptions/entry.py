"""What the program knows about a corruption: what it imitates, how strong it comes, and how to apply it to one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.datasets.entry import Kind
from core.errors import InvalidInputError

SEVERITIES = (1, 2, 3, 4, 5)  # 0 is the clean row


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How strong one severity is: `value` is what an axis shows, `more` what the noise needs beside it."""

    value: float
    more: tuple[float, ...] = ()


Words = list[str]
CorruptWords = Callable[[Words, Level, np.random.Generator], Words]
CorruptImage = Callable[[NDArray[np.uint8], Level, np.random.Generator], NDArray[np.uint8]]
FitLevel = Callable[[Level, tuple[int, ...]], Level]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corruption:
    """One corruption. Exactly one of `words` and `image` is there, and says what kind of data it is for.

    `words` takes a text's words (at least one) and returns a new list of at least one word. `image` takes one image
    (H, W, C) uint8 with values from 0 to 255 and returns another of the same shape. Neither may change what it was
    given. `grey_levels` serves images of one channel, for which some sources publish other strengths. `fit` brings a
    level that is a length in pixels to images of another size than that for which it was published.
    """

    name: str
    label: str
    description: str  # what it imitates and what it does
    unit: str  # what `Level.value` counts, as it follows the number on an axis
    source: str  # where the levels come from
    levels: tuple[Level, ...]  # of severities 1 to 5
    grey_levels: tuple[Level, ...] | None = None
    asked_levels: tuple[Level, ...] | None = None  # the grid that this program was first asked for, see `asked`
    fit: FitLevel | None = None
    words: CorruptWords | None = None
    image: CorruptImage | None = None

    def __post_init__(self) -> None:
        if (self.words is None) == (self.image is None):
            raise InvalidInputError(f"corruption {self.name} must have either words or image, not both or none")
        for levels in filter(None, (self.levels, self.grey_levels, self.asked_levels)):
            if len(levels) != len(SEVERITIES) or len(set(levels)) != len(levels):
                raise InvalidInputError(f"corruption {self.name} needs 5 different levels, got {levels}")

    @property
    def kind(self) -> Kind:
        """The kind of data set that it is for."""
        return "text" if self.words is not None else "image"

    @property
    def asked(self) -> Corruption | None:
        """Return the same corruption in the five steps first asked for, with a name of its own; None without them."""
        if self.asked_levels is None:
            return None
        return replace(
            self,
            name=f"{self.name}_asked",
            label=f"{self.label}, wide steps",
            source="the range that was asked for, in five steps without its clean end, which is severity 0",
            levels=self.asked_levels,
            grey_levels=None,
            asked_levels=None,
        )

    def level(self, severity: int, shape: tuple[int, ...] = ()) -> Level:
        """Return the level of `severity` (1 to 5) for images of `shape` (H, W, C), or for texts with shape ()."""
        if severity not in SEVERITIES:
            raise InvalidInputError(f"a corruption's level has a severity from 1 to 5, got {severity}")
        grey = self.grey_levels is not None and shape[-1:] == (1,)
        levels = self.grey_levels if grey and self.grey_levels is not None else self.levels
        found = levels[severity - 1]
        return self.fit(found, shape) if self.fit is not None and shape else found

    def axis_label(self, severity: int, shape: tuple[int, ...] = ()) -> str:
        """Return the severity in its own unit, as an axis or a caption shows it; "none" for severity 0."""
        return "none" if severity == 0 else f"{self.level(severity, shape).value:.3g} {self.unit}"
