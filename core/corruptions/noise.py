"""Where the randomness of a corrupted row comes from."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from core.corruptions.entry import SEVERITIES, Corruption
from core.datasets.entry import Kind
from core.errors import InvalidInputError


class NoiseSource:
    """The generators of one corrupted part: one per row, that no other row, severity or corruption shares.

    >>> source = NoiseSource(seed=42, dataset="imdb", corruption="word_swap", severity=3)
    >>> source.row(7).random() == source.row(7).random() != source.row(8).random()
    True
    """

    def __init__(self, *, seed: int, dataset: str, corruption: str, severity: int) -> None:
        text = f"{seed}/{dataset}/{corruption}/{severity}"
        digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        self._words = [int(word) for word in np.frombuffer(digest, "<u4")]

    def row(self, number: int) -> np.random.Generator:
        """Return a fresh generator for row `number`. PCG64 by name: the default may change with NumPy."""
        return np.random.Generator(np.random.PCG64([*self._words, number]))


def check_request(corruption: Corruption, kind: Kind, severity: int) -> None:
    """Raise InvalidInputError unless `corruption` is for data of `kind` and `severity` is from 0 to 5."""
    if corruption.kind != kind:
        raise InvalidInputError(
            f"{corruption.name} corrupts {corruption.kind}s, not {kind}s; choose a corruption of kind {kind!r}"
        )
    if severity not in (0, *SEVERITIES):
        raise InvalidInputError(f"severity must be from 0 (clean) to 5, got {severity}")


def row_numbers(rows: NDArray[np.integer] | None, count: int) -> list[int]:
    """Return the numbers that seed the noise of `count` rows: `rows`, or 0, 1, 2, ... without them."""
    numbers = list(range(count)) if rows is None else [int(row) for row in rows]
    if len(numbers) != count or min(numbers, default=0) < 0:
        raise InvalidInputError(f"{count} rows need {count} row numbers of 0 or more, got {len(numbers)} in `rows`")
    return numbers
