"""Histograms of every variable of a network, and of its gradient."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.diagnostics import Histogram
from core.training.model_builder import UNITS

BINS = 40
_ROWS = 64  # per gradient step: the activations of all probe rows at once may not fit into memory


def named_variables(model: keras.Model) -> dict[str, Any]:
    """Return all weights by readable names led by their layer: `conv_1/kernel`, `lstm_1/recurrent_kernel`.

    The paths alone would not do: those of a bidirectional layer lose its name when the model is saved and loaded.
    """
    named = {}
    for layer in model.layers:
        home = layer.name.removesuffix(UNITS)
        for weight in layer.weights:
            path = str(weight.path).replace(UNITS, "").replace("/lstm_cell/", "/")
            named[f"{home}/{path.removeprefix(f'{home}/')}"] = weight
    return named


def histogram(values: NDArray[Any]) -> Histogram | None:
    """Count the finite `values` in 40 bins of equal width; None when not one is finite."""
    flat = np.asarray(values, np.float64).ravel()
    finite = flat[np.isfinite(flat)]
    if not len(finite):
        return None
    counts, edges = np.histogram(finite, bins=BINS)
    return Histogram(
        edges=tuple(float(edge) for edge in edges),
        counts=tuple(int(count) for count in counts),
        mean=float(finite.mean()),
        deviation=float(finite.std()),
        zeros=int(np.count_nonzero(finite == 0)),
        not_finite=len(flat) - len(finite),
    )


def weight_histograms(model: keras.Model) -> dict[str, Histogram | None]:
    """One histogram per variable: kernels, biases, and the statistics that normalization layers keep."""
    return {name: histogram(weight.numpy()) for name, weight in named_variables(model).items()}


def gradient_histograms(model: keras.Model, x: NDArray[Any], y: NDArray[Any]) -> dict[str, Histogram | None]:
    """One histogram per trainable variable of the mean loss's gradient over the given rows, in inference mode.

    Of an embedding only the words that occur in these rows count: the others have no gradient by construction.
    """
    weights = {name: weight for name, weight in named_variables(model).items() if weight.trainable}
    variables = [weight.value for weight in weights.values()]

    @tf.function(reduce_retracing=True, autograph=False)  # type: ignore[untyped-decorator]
    def gradients(rows: tf.Tensor, labels: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            losses = keras.losses.sparse_categorical_crossentropy(labels, model(rows, training=False))
            loss = tf.reduce_sum(losses)
        found = tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return [tf.cast(tf.convert_to_tensor(gradient), tf.float32) for gradient in found]

    chunks = [gradients(tf.constant(x[s : s + _ROWS]), tf.constant(y[s : s + _ROWS])) for s in range(0, len(x), _ROWS)]
    result: dict[str, Histogram | None] = {}
    for (name, weight), parts in zip(weights.items(), zip(*chunks, strict=True), strict=True):
        mean = np.sum([part.numpy() for part in parts], axis=0) / len(x)
        result[name] = histogram(mean[_used(mean)] if weight.name == "embeddings" else mean)
    return result


def _used(gradient: NDArray[Any]) -> NDArray[np.bool_]:
    used: NDArray[np.bool_] = (gradient != 0).any(axis=1)  # NaN counts as used
    return used
