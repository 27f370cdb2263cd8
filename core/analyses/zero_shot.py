"""Trained networks on a foreign set as they are: only where labels correspond, and only among the classes that do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.analyses.answering import Probabilities, RowSet
from core.analyses.features import part_of
from core.analyses.probes import Rows, sample
from core.datasets.entry import DatasetEntry
from core.datasets.text import START, UNKNOWN
from core.foreign.opening import ForeignSet

ROWS = 10_000  # of a foreign set, drawn where it has more


def restrict(probabilities: Probabilities, numbers: NDArray[np.int64]) -> Probabilities:
    """Return the probabilities of some classes alone, scaled to sum to 1 (n, numbers).

    A row that gives nothing to any of them is undecided: equal shares.

    >>> restrict(np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]], np.float32), np.array([1, 2])).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    kept = probabilities[:, numbers].astype(np.float64)
    total = kept.sum(axis=1, keepdims=True)
    shares = np.divide(kept, total, out=np.full_like(kept, 1 / len(numbers)), where=total > 0)
    return np.asarray(shares, np.float32)


def row_set(foreign: ForeignSet, source: DatasetEntry, seed: int) -> RowSet:
    """Return the rows that have a class of the data set, at most `ROWS`, numbered among the classes that occur."""
    rows = _rows(foreign, seed)
    numbers = _numbers(foreign)
    part = part_of(foreign, rows, np.searchsorted(numbers, foreign.source_y[rows]).astype(np.int64))
    every = len(numbers) == source.classes
    return RowSet(
        key=f"foreign/{foreign.entry.name}/{foreign.content_hash[:12]}/{len(rows)}/{seed}",
        part=lambda _: part,
        read=None if every else lambda probabilities: restrict(probabilities, numbers),
    )


def coverage(foreign: ForeignSet, source: DatasetEntry, seed: int) -> dict[str, Any]:
    """Return which of the data set's classes the set has, and how many rows are tried of how many."""
    numbers = _numbers(foreign).tolist()
    rows = _rows(foreign, seed)
    return {
        "classes": len(numbers),
        "of": source.classes,
        "missing": [name for number, name in enumerate(source.class_names) if number not in numbers],
        "rows": len(rows),
        "of_rows": len(foreign),
        "commonest": float(np.bincount(foreign.source_y[rows]).max() / len(rows)),
    }


def unknown_share(foreign: ForeignSet, vocabulary: int) -> float | None:
    """Return how many of a text set's words are out of the vocabulary of a network that knows ids below that."""
    if foreign.tokens is None:
        return None
    words = foreign.tokens[foreign.tokens > START]
    return float(((words == UNKNOWN) | (words >= vocabulary)).mean()) if len(words) else None


def mean_of(values: Sequence[float | None]) -> float | None:
    """Return the mean; None if there is none, or if any is missing."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known and len(known) == len(values) else None


def _numbers(foreign: ForeignSet) -> NDArray[np.int64]:
    return np.array(sorted(number for number in foreign.use.class_map if number is not None), np.int64)


def _rows(foreign: ForeignSet, seed: int) -> Rows:
    mapped = np.flatnonzero(foreign.source_y >= 0)
    return np.asarray(mapped[sample(foreign.source_y[mapped], ROWS, seed)])
