"""From a model to probabilities."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

BATCH = 512  # fixed: another batch size could round differently in the last bit


def predict(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Return class probabilities, float32 (rows, classes)."""
    function = _compiled(model, x.dtype)
    return np.concatenate([function(x[start : start + BATCH]).numpy() for start in range(0, len(x), BATCH)])


@lru_cache(maxsize=1)
def _compiled(model: keras.Model, dtype: np.dtype) -> Callable[[np.ndarray], tf.Tensor]:
    """Compile the model once for any number of rows; `model.predict` would compile anew for each part's batches."""
    rows = tf.TensorSpec((None, *model.input_shape[1:]), dtype)
    return tf.function(lambda x: model(x, training=False), input_signature=[rows], autograph=False)


def load_model(path: Path) -> keras.Model:
    """Load a `.keras` file in safe mode: no code from the file is run."""
    return keras.saving.load_model(path, compile=False, safe_mode=True)
