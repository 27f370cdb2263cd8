"""Token dropout: words that are missing."""

from __future__ import annotations

from itertools import compress

import numpy as np

from core.corruptions import CORRUPTIONS, Corruption, Level
from core.corruptions.entry import Words


def drop_words(words: Words, level: Level, rng: np.random.Generator) -> Words:
    """Leave out each word with the level's probability (in %); if none is left, one of them stays.

    The random deletion of Wei and Zou, 2019 (EDA).

    >>> drop_words(["a", "good", "film"], Level(value=100), np.random.default_rng(1))
    ['good']
    """
    survivor = int(rng.integers(len(words)))
    kept = list(compress(words, (rng.random(len(words)) >= level.value / 100).tolist()))
    return kept or [words[survivor]]


CORRUPTIONS.register(
    "token_dropout",
    Corruption(
        name="token_dropout",
        label="Missing words",
        description="Imitates gaps: words lost in transcription or scanning. Each word is left out with the same "
        "probability.",
        unit="% of words missing",
        source="the random deletion of Wei and Zou (EDA, 2019); the even steps up to half of the words are our choice",
        levels=tuple(Level(value=share) for share in (10, 20, 30, 40, 50)),
        words=drop_words,
    ),
)
