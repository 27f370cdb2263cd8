"""Character noise: typing errors inside words."""

from __future__ import annotations

from string import ascii_lowercase

import numpy as np

from core.corruptions import CORRUPTIONS, Corruption, Level
from core.corruptions.entry import Words

SHORTEST = 4  # letters; shorter words stay as they are
_KEYS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")


def _neighbours() -> dict[str, str]:
    """The keys beside each key of a QWERTY keyboard, whose rows are each shifted to the right by about half a key."""
    found = {}
    for number, row in enumerate(_KEYS):
        for place, key in enumerate(row):
            beside = [(number, place - 1), (number, place + 1)]
            above = [(number - 1, place), (number - 1, place + 1)]
            below = [(number + 1, place - 1), (number + 1, place)]
            found[key] = "".join(
                _KEYS[line][column]
                for line, column in beside + above + below
                if 0 <= line < len(_KEYS) and 0 <= column < len(_KEYS[line])
            )
    return found


NEIGHBOURS = _neighbours()


def misspell(word: str, kind: float, place: float, letter: float) -> str:
    """Return `word` (4 letters or more) with one typo; the first and the last letter stay (Pruthi et al., 2019).

    The three numbers from [0, 1) choose: the kind of typo (swap of two neighbouring letters, deletion, insertion,
    a neighbouring key), where, and which letter comes in. Where no two letters to swap differ, a key is missed instead.

    >>> [misspell("monday", kind, 0.4, 0.0) for kind in (0.1, 0.3, 0.6, 0.9)]
    ['modnay', 'moday', 'moanday', 'mobday']
    """
    last = len(word) - 1  # letters 1 to last - 1 may change
    if kind < 0.25:
        swaps = [i for i in range(1, last - 1) if word[i] != word[i + 1]]
        if swaps:
            i = swaps[int(place * len(swaps))]
            return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    i = 1 + int(place * (last - 1))
    if 0.25 <= kind < 0.5:
        return word[:i] + word[i + 1 :]
    if 0.5 <= kind < 0.75:
        return word[:i] + ascii_lowercase[int(letter * 26)] + word[i:]
    keys = NEIGHBOURS.get(word[i], "") or ascii_lowercase
    return word[:i] + keys[int(letter * len(keys))] + word[i + 1 :]


def add_typos(words: Words, level: Level, rng: np.random.Generator) -> Words:
    """Put one typo into each word of 4 letters or more with the level's probability (in %).

    >>> add_typos(["a", "wonderful", "film"], Level(value=100), np.random.default_rng(0))
    ['a', 'wonderoful', 'fikm']
    """
    chosen = np.flatnonzero(rng.random(len(words)) < level.value / 100).tolist()
    draws = rng.random((len(chosen), 3)).tolist()
    result = list(words)
    for place, (kind, where, letter) in zip(chosen, draws, strict=True):
        if len(words[place]) >= SHORTEST:
            result[place] = misspell(words[place], kind, where, letter)
    return result


CORRUPTIONS.register(
    "character_noise",
    Corruption(
        name="character_noise",
        label="Typing errors",
        description="Imitates careless typing: two letters swapped, one missing, one too many, or a neighbouring key. "
        "First and last letter stay, words below 4 letters too. A misspelt word is mostly unknown to the model.",
        unit="% of longer words misspelt",
        source="the kinds of typo are those of Pruthi et al. (2019); the even steps up to half of the words are our "
        "choice",
        levels=tuple(Level(value=share) for share in (10, 20, 30, 40, 50)),
        words=add_typos,
    ),
)
