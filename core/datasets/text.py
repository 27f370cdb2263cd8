"""Words as numbers, in Keras's convention: 0 padding, 1 start, 2 out of vocabulary, rank in the word index + 3."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInputError

PADDING, START, UNKNOWN = 0, 1, 2
INDEX_FROM = 3
WORD_INDEX_FILE = "word_index.json"
_BLOCK_ROWS = 4096  # bounds the memory of the index matrix, not a unit of meaning
_PUNCTUATION = str.maketrans(dict.fromkeys('!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n', " "))


@dataclass(frozen=True, slots=True)
class WordIndex:
    """The words of a data set by token id, and back.

    >>> index = WordIndex.from_ranks({"the": 1, "film": 2})
    >>> index.encode("The film, the FILM?").tolist()
    [1, 4, 5, 4, 5]
    >>> index.decode([1, 4, 5, 2, 0, 0])
    'the film [?]'
    """

    ids: dict[str, int]
    words: dict[int, str]

    @classmethod
    def from_ranks(cls, ranks: dict[str, int]) -> WordIndex:
        """Build from a raw word index (word -> rank, counted from 1)."""
        ids = {word: rank + INDEX_FROM for word, rank in ranks.items()}
        return cls(ids, {token: word for word, token in ids.items()})

    @classmethod
    def load(cls, folder: Path) -> WordIndex:
        """Load the index that lies beside the cached tokens in `folder`."""
        return cls.from_ranks(json.loads((folder / WORD_INDEX_FILE).read_text(encoding="utf-8")))

    def decode(self, ids: Iterable[int]) -> str:
        """Return the words of `ids`; padding and start are left out, an unknown id reads [?]."""
        return " ".join(self.words.get(int(token), "[?]") for token in ids if token not in (PADDING, START))

    @property
    def ranks(self) -> dict[str, int]:
        """The raw word index (word -> rank, counted from 1)."""
        return {word: token - INDEX_FROM for word, token in self.ids.items()}

    def encode(self, text: str) -> NDArray[np.int32]:
        """Return the ids of `text`, led by the start id: lower case, punctuation removed, unknown words as 2."""
        return np.array([START, *(self.ids.get(word, UNKNOWN) for word in words_of(text))], np.int32)


def words_of(text: str) -> list[str]:
    """Return the words of `text`: lower case, cut at white space, punctuation removed.

    >>> words_of("It's GOOD -- isn't it?")
    ["it's", 'good', "isn't", 'it']
    """
    return text.lower().translate(_PUNCTUATION).split()


def fitted_index(tokens: NDArray[np.int32], lexicon: WordIndex) -> tuple[WordIndex, NDArray[np.int32]]:
    """Return the word index fitted on the texts `tokens`, and the table that turns ids of `lexicon` into its ids.

    The most frequent word has rank 1, words that are equally frequent stand in the lexicon's order, and a word that
    `tokens` does not hold has no rank: in the table its id is 2, out of vocabulary.

    >>> lexicon = WordIndex.from_ranks({"a": 1, "film": 2, "gone": 3})
    >>> index, table = fitted_index(np.array([1, 5, 5, 4], np.int32), lexicon)
    >>> index.ids, table.tolist()
    ({'film': 4, 'a': 5}, [0, 1, 2, 3, 5, 4, 2])
    """
    size = max(lexicon.words, default=INDEX_FROM) + 1
    counts = np.bincount(tokens, minlength=size)[:size]
    counts[: INDEX_FROM + 1] = 0
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0]
    table = np.full(size, UNKNOWN, np.int32)
    table[: INDEX_FROM + 1] = np.arange(INDEX_FROM + 1)
    table[order] = np.arange(len(order), dtype=np.int32) + INDEX_FROM + 1
    return WordIndex.from_ranks({lexicon.words[int(word)]: rank for rank, word in enumerate(order, 1)}), table


def pad(
    tokens: NDArray[np.int32],
    offsets: NDArray[np.int64],
    rows: slice | NDArray[np.integer],
    vocabulary: int,
    sequence_length: int,
) -> NDArray[np.int32]:
    """Return the given rows as a matrix (n, sequence_length) of token ids.

    A longer text keeps its last tokens, a shorter one is filled with 0 behind it, and ids from `vocabulary` on
    become 2: `keras.utils.pad_sequences(padding="post", truncating="pre")` after `load_data(num_words=vocabulary)`.

    >>> pad(np.array([1, 9, 5, 1, 4], np.int32), np.array([0, 3, 5]), slice(0, 2), 9, 4)
    array([[1, 2, 5, 0],
           [1, 4, 0, 0]], dtype=int32)
    """
    if vocabulary <= UNKNOWN or sequence_length < 1:
        raise InvalidInputError(
            f"vocabulary must be 3 or more and sequence_length 1 or more, got {vocabulary} and {sequence_length}"
        )
    ends = offsets[1:][rows]
    starts = np.maximum(offsets[:-1][rows], ends - sequence_length)
    result = np.zeros((len(ends), sequence_length), np.int32)
    columns = np.arange(sequence_length)
    for first in range(0, len(ends), _BLOCK_ROWS):
        block = slice(first, first + _BLOCK_ROWS)
        filled = columns < (ends[block] - starts[block])[:, None]
        positions = (starts[block, None] + columns)[filled]
        kept = tokens[positions]
        result[block][filled] = np.where(kept < vocabulary, kept, UNKNOWN)
    return result
