"""Truncation: a text that breaks off."""

from __future__ import annotations

import math

import numpy as np

from core.corruptions import CORRUPTIONS, Corruption, Level
from core.corruptions.entry import Words


def cut_off(words: Words, level: Level, rng: np.random.Generator) -> Words:
    """Leave out the level's share (in %) of the words at the end, rounded down; at least one word stays.

    Nothing about it is random; `rng` is there because all corruptions are called alike.

    >>> cut_off(["a", "good", "film", "indeed"], Level(value=50), np.random.default_rng(0))
    ['a', 'good']
    """
    return words[: max(1, math.ceil(len(words) * (100 - level.value) / 100))]


CORRUPTIONS.register(
    "truncation",
    Corruption(
        name="truncation",
        label="Cut-off text",
        description="Imitates a text that breaks off, as in a preview or an early classification. The end is missing.",
        unit="% of the text cut off",
        source="the levels, from a tenth to nine tenths, are our choice",
        levels=tuple(Level(value=share) for share in (10, 25, 50, 75, 90)),
        words=cut_off,
    ),
)
