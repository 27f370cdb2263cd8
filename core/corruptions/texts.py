"""Corrupting texts: ids to words, noise on the words, and back to ids by the word index."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from core.corruptions.entry import Corruption, Words
from core.corruptions.noise import NoiseSource, check_request, row_numbers
from core.datasets.text import PADDING, START, UNKNOWN, WordIndex

UNKNOWN_WORD = "[?]"  # how a word that the index does not know is shown


def words_of(ids: Iterable[int], index: WordIndex) -> Words:
    """Return the words of a text; padding and start are no words, an unknown id reads [?].

    >>> words_of([1, 5, 4, 2, 0], WordIndex.from_ranks({"the": 1, "film": 2}))
    ['film', 'the', '[?]']
    """
    known = index.words
    return [known.get(token, UNKNOWN_WORD) for token in map(int, ids) if token not in (PADDING, START)]


def corrupt_words(
    words: Words, corruption: Corruption, severity: int, seed: int, *, row: int, dataset: str = ""
) -> Words:
    """Return the words of row number `row` as `corrupt_texts` turns them into ids: for showing them.

    >>> from core.corruptions import CORRUPTIONS
    >>> corrupt_words(["a", "rather", "long", "film"], CORRUPTIONS["truncation"], 3, 42, row=0)
    ['a', 'rather']
    """
    check_request(corruption, "text", severity)
    source = NoiseSource(seed=seed, dataset=dataset, corruption=corruption.name, severity=severity)
    return list(words) if severity == 0 else _corrupt(words, corruption, severity, source.row(row))


def corrupt_texts(
    tokens: NDArray[np.int32],
    offsets: NDArray[np.int64],
    index: WordIndex,
    corruption: Corruption,
    severity: int,
    seed: int,
    *,
    dataset: str = "",
    rows: NDArray[np.integer] | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return `tokens` and `offsets` (see `Arrays`) of the corrupted texts; the same arrays for severity 0.

    A word that the index does not know, a typo for example, becomes id 2. A leading start id stays. `rows` gives the
    numbers that seed each row's noise (default: 0, 1, 2, ...), so that a choice of rows gets what it got in the whole.
    InvalidInputError for a corruption of images or a severity outside 0 to 5.
    """
    check_request(corruption, "text", severity)
    numbers = row_numbers(rows, len(offsets) - 1)
    if severity == 0:
        return tokens, offsets
    source = NoiseSource(seed=seed, dataset=dataset, corruption=corruption.name, severity=severity)
    ids: list[int] = []
    ends = [0]
    flat, bounds, lookup = tokens.tolist(), offsets.tolist(), index.ids.get
    for place, number in enumerate(numbers):
        text = flat[bounds[place] : bounds[place + 1]]
        words = words_of(text, index)
        if text[:1] == [START]:
            ids.append(START)
        if words:
            ids += [lookup(word, UNKNOWN) for word in _corrupt(words, corruption, severity, source.row(number))]
        ends.append(len(ids))
    return np.array(ids, np.int32), np.array(ends, np.int64)


def _corrupt(words: Words, corruption: Corruption, severity: int, rng: np.random.Generator) -> Words:
    assert corruption.words is not None  # by check_request
    return corruption.words(words, corruption.level(severity), rng) if words else []
