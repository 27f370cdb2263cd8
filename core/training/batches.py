"""Batches taken straight from the memory-mapped rows, so that all workers share them and none holds a copy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

_BLOCK_ROWS = 2048  # fetched at a time: a call into Python per batch made small networks a quarter slower


class Batches(keras.callbacks.Callback):
    """The rows as `dataset`, in a random order that follows from seed and epoch; it must be among the callbacks.

    The last batch of an epoch may be smaller. `model.fit` on the arrays themselves would copy all of them into each
    worker's memory. The epoch is told by Keras and not counted here, because Keras begins more passes than it ends.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, batch_size: int, seed: int) -> None:
        super().__init__()
        self._x, self._y, self._seed, self._epoch = x, y, seed, 0
        signature = tuple(tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in (x, y))
        rows = tf.data.Dataset.from_generator(self._blocks, output_signature=signature)
        steps = tf.data.experimental.assert_cardinality(-(-len(y) // batch_size))
        self.dataset = rows.rebatch(batch_size).apply(steps).prefetch(2)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = epoch

    def _blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        order = np.random.default_rng([self._seed, self._epoch]).permutation(len(self._y))
        for start in range(0, len(order), _BLOCK_ROWS):
            rows = order[start : start + _BLOCK_ROWS]
            yield self._x[rows], self._y[rows]
