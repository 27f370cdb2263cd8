"""Word swap: neighbouring words that changed places."""

from __future__ import annotations

import numpy as np

from core.corruptions import CORRUPTIONS, Corruption, Level
from core.corruptions.entry import Words


def swap_words(words: Words, level: Level, rng: np.random.Generator) -> Words:
    """Pair the words off from a random start, first or second word, and turn round the level's share (in %) of pairs.

    The level is so the share of words that move, and no word moves further than one place.

    >>> swap_words(["not", "a", "bad", "film"], Level(value=100), np.random.default_rng(0))
    ['not', 'bad', 'a', 'film']
    """
    start = int(rng.integers(2)) if len(words) > 2 else 0
    firsts = np.arange(start, len(words) - 1, 2)
    result = list(words)
    for first in firsts[rng.random(len(firsts)) < level.value / 100].tolist():
        result[first], result[first + 1] = words[first + 1], words[first]
    return result


CORRUPTIONS.register(
    "word_swap",
    Corruption(
        name="word_swap",
        label="Swapped words",
        description="Imitates muddled word order, as in hasty or non-native writing. Neighbouring words change places; "
        "every word is still there.",
        unit="% of words moved",
        source="the levels, even steps up to half of the words, are our choice",
        levels=tuple(Level(value=share) for share in (10, 20, 30, 40, 50)),
        words=swap_words,
    ),
)
