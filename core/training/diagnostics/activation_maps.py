"""What the filters of every convolution answer to some pictures."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.training.diagnostics.subject import half
from core.training.model_builder import UNITS

CHANNELS = 16


def activation_maps(model: keras.Model, images: NDArray[Any]) -> dict[str, NDArray[np.float16]]:
    """Return `activation_{layer}` (s, h, w, channels <= 16) of every conv layer, after its activation function."""
    names = [layer.name for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    if not names:
        return {}
    known = {layer.name for layer in model.layers}
    ends = [f"{name}{UNITS}" if f"{name}{UNITS}" in known else name for name in names]
    outputs = keras.Model(model.input, [model.get_layer(end).output for end in ends])(images, training=False)
    outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
    return {
        f"activation_{name}": half(output.numpy()[..., :CHANNELS]) for name, output in zip(names, outputs, strict=True)
    }
