"""Texts that are worded unlike all others of their class: the part of the holdout that lies farthest from training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.datasets.arrays import Arrays
from core.datasets.text import INDEX_FROM

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

LEAST = 3  # rows of a class, of which one is a third
MEASURE = (
    "how unlike: 1 minus the cosine between the words of a text (tf-idf, 1 + ln of a word's count) and the mean of the "
    "texts of its class outside the holdout, which are the same for all networks"
)


def unlikeness(arrays: Arrays, holdout: Rows) -> Floats:
    """Return for each of the rows `holdout` how unlike the other texts of its class it is worded: 0 to 1 (n,).

    1 minus the cosine between its tf-idf vector and the mean of those of its class, over the rows outside `holdout`.
    The weight of a word in a text is (1 + ln count) · (1 + ln((1 + N)/(1 + n))), for n of the N rows outside that have
    it; the vectors have length 1 (Salton and Buckley 1988, smoothed as in scikit-learn). A text without words, and a
    class without rows outside, are as unlike as can be.
    """
    outside = np.setdiff1d(np.arange(len(arrays)), holdout)
    counts = _counts(arrays)
    idf = 1 + np.log((1 + len(outside)) / (1 + _rows_with(counts[outside])))
    vectors = _unit_rows(counts, idf)
    distances = np.ones(len(holdout))
    for label in np.unique(arrays.y[holdout]):
        mine, others = np.flatnonzero(arrays.y[holdout] == label), outside[arrays.y[outside] == label]
        centre = np.asarray(vectors[others].sum(axis=0)).ravel()
        length = float(np.linalg.norm(centre))
        if length:
            distances[mine] = 1 - vectors[holdout[mine]] @ (centre / length)
    return distances.clip(0.0, 1.0)


def part_by(distances: Floats, labels: NDArray[np.int64]) -> tuple[Rows, Rows]:
    """Return the places of the most unlike third of every class, and those of its rest; both in their order.

    Chosen within classes, so that both hold the classes in about the same shares. A class of one or two rows is in
    neither.

    >>> one, rest = part_by(np.array([0.1, 0.9, 0.5, 0.2, 0.3]), np.array([0, 0, 0, 1, 1]))
    >>> one.tolist(), rest.tolist()
    ([1], [0, 2])
    """
    far: list[int] = []
    near: list[int] = []
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        if len(mine) < LEAST:
            continue
        order = mine[np.argsort(-distances[mine], kind="stable")]
        third = (len(mine) + 1) // 3
        far.extend(order[:third].tolist())
        near.extend(order[third:].tolist())
    return np.sort(np.array(far, np.int64)), np.sort(np.array(near, np.int64))


def _counts(arrays: Arrays) -> csr_array:
    """Return how often each text has each word (rows, token ids); marks such as padding are no words."""
    from scipy.sparse import csr_array

    assert arrays.tokens is not None and arrays.offsets is not None
    tokens = np.asarray(arrays.tokens)
    rows = np.repeat(np.arange(len(arrays)), np.diff(arrays.offsets))
    words = tokens > INDEX_FROM
    shape = (len(arrays), int(tokens.max(initial=INDEX_FROM)) + 1)
    return csr_array((np.ones(int(words.sum())), (rows[words], tokens[words])), shape=shape)


def _rows_with(counts: csr_array) -> Floats:
    return np.bincount(counts.indices, minlength=counts.shape[1]).astype(np.float64)


def _unit_rows(counts: csr_array, idf: Floats) -> csr_array:
    vectors = counts.copy()
    vectors.data = (1 + np.log(vectors.data)) * idf[vectors.indices]
    rows = np.repeat(np.arange(vectors.shape[0]), np.diff(vectors.indptr))
    lengths = np.sqrt(np.bincount(rows, weights=vectors.data**2, minlength=vectors.shape[0]))
    vectors.data /= lengths[rows]
    return vectors
