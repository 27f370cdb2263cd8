"""Texts of a foreign set in words: cached with a lexicon of their own, read with the word index of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.datasets.arrays import Arrays
from core.datasets.text import INDEX_FROM, START, UNKNOWN, WordIndex, words_of


def in_own_words(texts: Sequence[str], labels: Sequence[int]) -> Arrays:
    """Return texts as tokens of a lexicon of all their words, in the order in which these first occur."""
    ranks: dict[str, int] = {}
    rows = [[ranks.setdefault(word, len(ranks) + 1) for word in words_of(text)] for text in texts]
    offsets = np.cumsum([0, *(len(row) + 1 for row in rows)]).astype(np.int64)
    tokens = np.array([token for row in rows for token in (START, *(rank + INDEX_FROM for rank in row))], np.int32)
    return Arrays(tokens=tokens, offsets=offsets, y=np.array(labels, np.int64), word_index=ranks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reworded:
    """The same texts in another word index. `unknown_share`: of their words, how many that index does not have."""

    tokens: NDArray[np.int32]
    unknown_share: float
    median_words: float


def reword(arrays: Arrays, own: WordIndex, target: WordIndex) -> Reworded:
    """Translate tokens, word by word; a word that `target` does not have becomes 2, out of vocabulary."""
    assert arrays.tokens is not None and arrays.offsets is not None
    table = np.full(max(own.words, default=INDEX_FROM) + 1, UNKNOWN, np.int32)
    table[: INDEX_FROM + 1] = np.arange(INDEX_FROM + 1)
    for token, word in own.words.items():
        table[token] = target.ids.get(word, UNKNOWN)
    tokens = table[arrays.tokens]
    words = arrays.tokens > INDEX_FROM
    return Reworded(
        tokens=tokens,
        unknown_share=float((tokens[words] == UNKNOWN).mean()) if words.any() else 0.0,
        median_words=float(np.median(np.diff(arrays.offsets) - 1)),
    )
