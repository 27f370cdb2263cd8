"""Texts to corrupt: real English words with their index, and measures of damage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.datasets.text import START, WordIndex

_PROSE = """the critics liked this strange little film although nobody could explain afterwards what the murderer wanted
from the old watchmaker or why his daughter kept every letter in that green box under the kitchen stairs while outside
the rain never stopped falling and the whole village pretended not to notice the music coming from an empty house"""
WORDS = list(dict.fromkeys(_PROSE.split()))
INDEX = WordIndex.from_ranks({word: rank for rank, word in enumerate(WORDS, 1)})


def make_texts(lengths: Sequence[int], seed: int = 0) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return random texts of the given numbers of words, each led by the start id."""
    rng = np.random.default_rng(seed)
    texts = [np.r_[START, rng.integers(4, 4 + len(WORDS), length)] for length in lengths]
    tokens = np.concatenate([*texts, np.empty(0)]).astype(np.int32)
    return tokens, np.cumsum([0, *(length + 1 for length in lengths)]).astype(np.int64)


def row(tokens: NDArray[np.int32], offsets: NDArray[np.int64], number: int) -> list[int]:
    """The ids of one text."""
    ids: list[int] = tokens[offsets[number] : offsets[number + 1]].tolist()
    return ids


def edit_distance(one: Sequence[object], other: Sequence[object]) -> int:
    """Levenshtein's distance: the fewest items to insert, leave out or replace.

    >>> edit_distance("kitten", "sitting"), edit_distance("", "ab")
    (3, 2)
    """
    above = list(range(len(other) + 1))
    for i, item in enumerate(one, 1):
        line = [i]
        for j, wanted in enumerate(other, 1):
            line.append(min(above[j] + 1, line[-1] + 1, above[j - 1] + (item != wanted)))
        above = line
    return above[-1]
