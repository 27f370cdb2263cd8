"""One real test row on its way through all layers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.datasets.text import PADDING, START
from core.diagnostics import ForwardPass
from core.training.diagnostics.subject import Subject, half
from core.training.inputs import model_inputs
from core.training.predictor import BATCH, predict
from core.training.recorder import correct_rows

CHANNELS = 32


def forward_pass(subject: Subject) -> tuple[ForwardPass, dict[str, NDArray[np.float16]]]:
    """Follow the first test row that the network gets right, or the very first when it gets none of them.

    `row` counts within the test part. The numbers of a text's words are left out: half precision cannot hold them.
    """
    model, test = subject.model, subject.data.test
    x = model_inputs(test, subject.config)[:BATCH]
    hits = np.flatnonzero(correct_rows(predict(model, x), np.asarray(test.y[:BATCH])))
    row = int(hits[0]) if len(hits) else 0
    is_text = subject.data.entry.kind == "text"
    layers = [layer for layer in model.layers if not (is_text and isinstance(layer, keras.layers.InputLayer))]
    outputs = keras.Model(model.input, [layer.output for layer in layers])(x[row : row + 1], training=False)
    values = {layer.name: output.numpy()[0] for layer, output in zip(layers, outputs, strict=True)}
    record = ForwardPass(
        row=row,
        truth=int(test.y[row]),
        names=tuple(values),
        words=_words(subject, x[row]) if is_text else (),
        channels={name: value.shape[-1] for name, value in values.items() if _is_cut(value)},
    )
    return record, {f"forward_{name}": half(_cut(value)) for name, value in values.items()}


def _is_cut(value: NDArray[Any]) -> bool:
    return value.ndim == 3 and value.shape[-1] > CHANNELS


def _cut(value: NDArray[Any]) -> NDArray[Any]:
    return value[..., :CHANNELS] if _is_cut(value) else value


def _words(subject: Subject, tokens: NDArray[Any]) -> tuple[str, ...]:
    """One word per time step, as far as the text goes."""
    names = subject.words.words if subject.words is not None else {}
    return tuple("[start]" if t == START else names.get(int(t), "[?]") for t in tokens if t != PADDING)
