"""What a model is fed with, from the rows of a part."""

from __future__ import annotations

import numpy as np

from core.datasets.parts import Part
from core.model_config import LstmConfig, ModelConfig


def model_inputs(part: Part, config: ModelConfig) -> np.ndarray:
    """Return raw images as they are stored, or texts cut to the config's vocabulary and sequence length."""
    if isinstance(config, LstmConfig):
        return part.sequences(config.vocabulary, config.sequence_length)
    return part.images()
