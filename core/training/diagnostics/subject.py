"""The network under examination with its rows, and which rows are looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from core.datasets.parts import TrialData
from core.datasets.text import WordIndex
from core.model_config import ModelConfig
from core.training.recorder import correct_rows

_HALF_LIMIT = 65_504.0  # the largest number in half precision


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A trained network. `x`, `labels` and `probabilities` are those of the validation part."""

    model: keras.Model
    config: ModelConfig
    data: TrialData
    x: NDArray[np.generic]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    words: WordIndex | None = None  # of texts

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class of every validation row."""
        return self.probabilities.argmax(axis=1)

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether the network got each validation row right."""
        return correct_rows(self.probabilities, self.labels)

    def decode(self, tokens: NDArray[np.generic]) -> str | None:
        """The words of one text as the network saw it; None without a word index."""
        return self.words.decode(tokens) if self.words is not None else None


def take_evenly(rows: NDArray[np.int64], classes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return `count` of `rows` (or all) in turns over their `classes`, the first of every class first.

    >>> take_evenly(np.array([3, 5, 7, 9]), np.array([0, 0, 0, 1]), 3).tolist()
    [3, 9, 5]
    """
    turn = np.zeros(len(rows), np.int64)
    for name in np.unique(classes):
        turn[classes == name] = np.arange(np.count_nonzero(classes == name))
    return rows[np.argsort(turn, kind="stable")][:count]


def sample_rows(subject: Subject, count: int, among: Iterable[int] | None = None) -> NDArray[np.int64]:
    """Return `count` validation rows that the network got right, then wrong: half of each as far as there are."""
    rows = np.arange(len(subject.labels)) if among is None else np.fromiter(among, np.int64)
    right, wrong = rows[subject.correct[rows]], rows[~subject.correct[rows]]
    misses = min(len(wrong), max(count // 2, count - len(right)))
    return np.concatenate(
        [
            take_evenly(right, subject.labels[right], count - misses),
            take_evenly(wrong, subject.labels[wrong], misses),
        ]
    )


def half(values: NDArray[np.generic]) -> NDArray[np.float16]:
    """Return `values` in half precision; what is too large for it becomes its largest number."""
    return np.clip(values, -_HALF_LIMIT, _HALF_LIMIT).astype(np.float16)
