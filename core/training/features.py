"""What the last layer of a network works with, and an untrained network of the same build to compare it with."""

from __future__ import annotations

from functools import lru_cache

import keras
import numpy as np

from core.errors import InvalidInputError
from core.training.predictor import predict


def features(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Return the input of the model's last dense layer for every row, float32 (rows, features), as in inference."""
    found = predict(_headless(model), x)
    return found.reshape(len(found), -1).astype(np.float32)


def random_twin(model: keras.Model, seed: int) -> keras.Model:
    """Return a model of the same architecture with fresh weights from its own initialisers.

    The same seed gives the same weights. Sets Keras's global seed. Statistics of batch normalization start at mean 0
    and variance 1.
    """
    keras.utils.set_random_seed(seed)
    return keras.models.clone_model(model)


@lru_cache(maxsize=1)  # with the predictor's: a model is compiled once for all of its rows
def _headless(model: keras.Model) -> keras.Model:
    for layer in reversed(model.layers):
        if isinstance(layer, keras.layers.Dense):
            return keras.Model(model.inputs, layer.input)
    raise InvalidInputError(f"model {model.name} has no dense layer, so there is nothing whose input were its features")
