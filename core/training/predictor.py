"""From a model to probabilities."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

BATCH = 512  # fixed: another batch size could round differently in the last bit


def predict(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Return class probabilities, float32 (rows, classes)."""
    probabilities: np.ndarray = model.predict(x, batch_size=BATCH, verbose=0)
    return probabilities


def load_model(path: Path) -> keras.Model:
    """Load a `.keras` file in safe mode: no code from the file is run."""
    return keras.saving.load_model(path, compile=False, safe_mode=True)
