"""The health probe: gradients and activations on small fixed sets of rows.

Each function is compiled once per trial; an eager or re-traced probe would cost 17-28 % of an epoch.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from core.training.model_builder import UNITS
from core.trial import GradientNorm, LayerActivity

MINIBATCHES = 4
MINIBATCH_ROWS = 64
ACTIVATION_ROWS = 1024
_CHUNK = 128
_PROBE_SEED = 20_240_229  # the probe rows are the same for every trial of a split
_KERNELS = ("kernel", "recurrent_kernel", "embeddings")
_SATURATION = {"tanh": 0.95, "sigmoid": 0.475}  # distance from the middle of the range: 95 % of the half range


def probe_rows(count: int) -> np.ndarray:
    """Return which of `count` training rows the gradients are measured on, in ascending order."""
    rows = np.random.default_rng(_PROBE_SEED).permutation(count)[: MINIBATCHES * MINIBATCH_ROWS]
    return np.sort(rows)


class GradientProbe:
    """Gradient and weight norms of every kernel on four fixed training minibatches."""

    def __init__(self, model: keras.Model, x: np.ndarray, y: np.ndarray) -> None:
        rows = min(len(x), MINIBATCHES * MINIBATCH_ROWS)
        size = max(1, rows // MINIBATCHES)
        starts = range(0, size * min(MINIBATCHES, rows), size)
        self._batches = [(tf.constant(x[s : s + size]), tf.constant(y[s : s + size])) for s in starts]
        self._model = model
        self._kernels = [w for w in model.trainable_weights if w.name in _KERNELS]
        self.names = [kernel_name(w) for w in self._kernels]
        self._function = tf.function(self._norms, reduce_retracing=True, autograph=False)

    def _norms(self, x: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        variables = [kernel.value for kernel in self._kernels]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            for variable in variables:
                tape.watch(variable)
            probabilities = self._model(x, training=False)
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, probabilities))
        gradients = tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        dense = [tf.cast(tf.convert_to_tensor(g), tf.float32) for g in gradients]
        weights = [
            _touched(variable, gradient) if kernel.name == "embeddings" else tf.convert_to_tensor(variable)
            for kernel, variable, gradient in zip(self._kernels, variables, dense, strict=True)
        ]
        return tf.stack([tf.norm(g) for g in dense]), tf.stack([tf.norm(w) for w in weights])

    def training_loss(self) -> float | None:
        """Mean loss over the minibatches as a training step would see it; None when it is not finite.

        Dropout and batch statistics act as in training, since the loss windows that follow are measured so too;
        what the pass changes (moving averages, random state) is put back.
        """
        state = [variable.numpy() for variable in self._model.non_trainable_variables]
        losses = [
            keras.losses.sparse_categorical_crossentropy(y, self._model(x, training=True)) for x, y in self._batches
        ]
        for variable, value in zip(self._model.non_trainable_variables, state, strict=True):
            variable.assign(value)
        return _finite(np.mean([loss.numpy() for loss in losses]))

    def measure(self) -> dict[str, GradientNorm]:
        """Norms by kernel name, averaged over the minibatches."""
        pairs = [self._function(x, y) for x, y in self._batches]
        gradients = np.array([g.numpy() for g, _ in pairs], dtype=np.float64)
        weights = np.array([w.numpy() for _, w in pairs], dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = (gradients / weights).mean(axis=0)
        columns = zip(self.names, gradients.mean(axis=0), weights.mean(axis=0), relative, strict=True)
        return {
            name: GradientNorm(gradient=_finite(g), weight=_finite(w), relative=_finite(r)) for name, g, w, r in columns
        }

    def content(self) -> bytes:
        """The probe rows as bytes, for the hash that is stored with the result."""
        return b"".join(x.numpy().tobytes() + y.numpy().tobytes() for x, y in self._batches)


def _touched(variable: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    """Rows of an embedding that the minibatch used: the others have no gradient by construction."""
    rows = tf.reduce_any(tf.not_equal(gradient, 0.0), axis=1)
    return tf.boolean_mask(tf.convert_to_tensor(variable), rows)


def measure_activity(model: keras.Model, x: np.ndarray) -> tuple[LayerActivity, ...]:
    """Measure every hidden layer's activations on `x` (at most ACTIVATION_ROWS rows are used).

    Two passes in chunks, since one unit's deviation from its mean needs the mean first and a wide layer's
    activations would not fit in memory.
    """
    probed = [layer for layer in model.layers if layer.name.endswith(UNITS)]
    if not probed:
        return ()
    inner = keras.Model(model.inputs, [layer.output for layer in probed])
    names = [_activation_name(layer) for layer in probed]
    rows = min(len(x), ACTIVATION_ROWS)
    rows -= rows % _CHUNK if rows > _CHUNK else 0  # equal chunks: one trace, and a mean of means is the mean
    chunks = [tf.constant(x[s : s + _CHUNK]) for s in range(0, rows, _CHUNK)]

    @tf.function(reduce_retracing=True, autograph=False)  # type: ignore[untyped-decorator]
    def first(chunk: tf.Tensor) -> list[tuple[tf.Tensor, tf.Tensor, tf.Tensor]]:
        return [_summary(a, name) for a, name in zip(_as_list(inner(chunk, training=False)), names, strict=True)]

    @tf.function(reduce_retracing=True, autograph=False)  # type: ignore[untyped-decorator]
    def second(chunk: tf.Tensor, means: list[tf.Tensor]) -> list[tf.Tensor]:
        outputs = _as_list(inner(chunk, training=False))
        return [tf.reduce_mean(tf.abs(_flat(a) - m), axis=0) for a, m in zip(outputs, means, strict=True)]

    summaries = [first(chunk) for chunk in chunks]
    means = [tf.reduce_mean(tf.stack([s[i][0] for s in summaries]), axis=0) for i in range(len(probed))]
    spreads = [second(chunk, means) for chunk in chunks]
    return tuple(
        LayerActivity(
            name=layer.name.removesuffix(UNITS),
            kind=_kind(layer),
            activation=names[i],
            deviations=tuple(
                _finite(d) for d in np.stack([s[i].numpy() for s in spreads]).mean(axis=0, dtype=np.float64)
            ),
            zero_fraction=float(np.mean([s[i][1].numpy() for s in summaries])),
            saturation=(float(np.mean([s[i][2].numpy() for s in summaries])) if names[i] in _SATURATION else None),
        )
        for i, layer in enumerate(probed)
    )


def _summary(activation: tf.Tensor, name: str) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    flat = _flat(activation)
    zeros = tf.reduce_mean(tf.cast(tf.equal(flat, 0.0), tf.float32))
    middle = 0.5 if name == "sigmoid" else 0.0
    beyond = tf.abs(flat - middle) > _SATURATION.get(name, math.inf)
    return tf.reduce_mean(flat, axis=0), zeros, tf.reduce_mean(tf.cast(beyond, tf.float32))


def _flat(activation: tf.Tensor) -> tf.Tensor:
    """(rows, positions or time steps ..., units) -> (all, units)."""
    return tf.cast(tf.reshape(activation, (-1, activation.shape[-1])), tf.float32)


def _as_list(outputs: Any) -> list[Any]:
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]


def _activation_name(layer: keras.Layer) -> str:
    inner = layer.forward_layer if isinstance(layer, keras.layers.Bidirectional) else layer
    activation = inner.activation
    return "swish" if activation.__name__ == "silu" else str(activation.__name__)


def _kind(layer: keras.Layer) -> Any:
    return "conv" if layer.name.startswith("conv") else "dense" if layer.name.startswith("dense") else "lstm"


def kernel_name(weight: Any) -> str:
    """A readable name of a kernel: `conv_1`, or `lstm_1/forward_lstm_1_cell/recurrent_kernel` inside an LSTM."""
    path = str(weight.path).replace(UNITS, "").replace("/lstm_cell/", "/")
    return path.removesuffix("/kernel") if not path.startswith("lstm") else path


def probe_hash(gradient_probe: GradientProbe, activation_rows: np.ndarray) -> str:
    """SHA-256 over the content of all probe rows."""
    digest = hashlib.sha256(gradient_probe.content())
    digest.update(np.ascontiguousarray(activation_rows).tobytes())
    return digest.hexdigest()


def _finite(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
