"""Hand-made networks, named and shaped as the model builder makes them, with a trace and diagnostics to each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from core.architecture import Architecture, LayerRecord
from core.diagnostics import Diagnostics, ForwardPass, Histogram
from core.trial import GradientNorm, Trace
from tests.health.traces import make_epochs, make_layer, make_trace

GRADIENTS = {"conv_1": 1e-2, "conv_2": 5e-4, "dense_1": 2e-3, "output": 1e-6}


def layer(
    name: str, kind: str, shape: tuple[int, ...], source: str | None, parameters: int = 0, **settings: Any
) -> Any:
    return LayerRecord(
        name=name,
        type=kind,
        inputs=(source,) if source else (),
        output_shape=shape,
        parameters=parameters,
        trainable=parameters,
        settings=settings,
    )


def chain(kind: Any, rows: list[tuple[str, str, tuple[int, ...], int, dict[str, Any]]], classes: int) -> Architecture:
    """Join layers one after the other."""
    sources = [None, *(row[0] for row in rows)]
    layers = [
        layer(name, type_, shape, source, parameters, **settings)
        for (name, type_, shape, parameters, settings), source in zip(rows, sources, strict=False)
    ]
    return Architecture(kind=kind, classes=classes, layers=tuple(layers))


def cnn(convolutions: int = 2, side: int = 8) -> Architecture:
    """A small image classifier; two convolutions make 16 layers."""
    rows: list[Any] = [
        ("image", "InputLayer", (side, side, 1), 0, {}),
        ("rescale", "Rescaling", (side, side, 1), 0, {}),
    ]
    channels = 1
    for number in range(1, convolutions + 1):
        name, filters = f"conv_{number}", 4 * min(number, 16)
        shape = (side, side, filters)
        weights = 9 * channels * filters
        rows += [
            (name, "Conv2D", shape, weights, {"filters": filters, "kernel_size": [3, 3], "activation": "linear"}),
            (f"{name}_normalization", "BatchNormalization", shape, 4 * filters, {"momentum": 0.9}),
            (f"{name}_units", "Activation", shape, 0, {"activation": "relu"}),
        ]
        if side >= 4:
            side //= 2
            rows.append((f"{name}_pooling", "MaxPooling2D", (side, side, filters), 0, {"pool_size": [2, 2]}))
        rows.append((f"{name}_dropout", "Dropout", (side, side, filters), 0, {"rate": 0.2}))
        channels = filters
    flat = side * side * channels
    rows += [
        ("flatten", "Flatten", (flat,), 0, {}),
        ("dense_1", "Dense", (16,), 16 * (flat + 1), {"units": 16, "activation": "linear"}),
        ("dense_1_units", "Activation", (16,), 0, {"activation": "relu"}),
        ("output", "Dense", (3,), 51, {"units": 3, "activation": "softmax"}),
    ]
    return chain("cnn", rows, 3)


def lstm() -> Architecture:
    """A small text classifier."""
    return chain(
        "lstm",
        [
            ("tokens", "InputLayer", (20,), 0, {}),
            ("embedding", "Embedding", (20, 8), 800, {"input_dim": 100, "output_dim": 8}),
            ("embedding_dropout", "SpatialDropout1D", (20, 8), 0, {"rate": 0.2}),
            ("lstm_1_units", "Bidirectional", (20, 8), 416, {"units": 4, "activation": "tanh"}),
            ("lstm_2_units", "LSTM", (6,), 360, {"units": 6, "activation": "tanh"}),
            ("output", "Dense", (2,), 14, {"units": 2, "activation": "softmax"}),
        ],
        2,
    )


def deep() -> Architecture:
    """Sixty layers."""
    rows: list[Any] = [("image", "InputLayer", (32, 32, 3), 0, {})]
    for number in range(1, 20):
        name, shape = f"conv_{number}", (32, 32, 16)
        rows += [
            (name, "Conv2D", shape, 2304, {"filters": 16, "activation": "linear"}),
            (f"{name}_normalization", "BatchNormalization", shape, 64, {}),
            (f"{name}_units", "Activation", shape, 0, {"activation": "relu"}),
        ]
    rows += [
        ("global_pooling", "GlobalAveragePooling2D", (16,), 0, {}),
        ("output", "Dense", (10,), 170, {"units": 10, "activation": "softmax"}),
    ]
    return chain("cnn", rows, 10)


def cnn_trace(**changes: Any) -> Trace:
    """Half the units of conv_1 are dormant, none of the others; the output has almost no gradient."""
    layers = (
        make_layer("conv_1", [1.0, 1.0, 0.0, 0.0], kind="conv"),
        make_layer("conv_2", [1.0] * 8, kind="conv"),
        make_layer("dense_1", [1.0] * 16, activation="sigmoid", saturation=0.25),
    )
    epochs = make_epochs([1.0, 0.5], gradients=[{"conv_1": 1.0, "output": 1.0}, GRADIENTS])
    return make_trace(**({"layers": layers, "epochs": epochs} | changes))


def lstm_trace() -> Trace:
    """Two kernels of a bidirectional LSTM, one of them not finite."""
    epochs = make_epochs([0.7], gradients=[{"embedding/embeddings": 0.1}])
    gradients = epochs[0].gradients | {
        "lstm_1/forward_lstm_1_cell/kernel": GradientNorm(gradient=0.1, weight=1.0, relative=0.1),
        "lstm_1/backward_lstm_1_cell/kernel": GradientNorm(gradient=None, weight=1.0, relative=None),
        "lstm_2/kernel": GradientNorm(gradient=2.0, weight=1.0, relative=2.0),
        "lstm_2/recurrent_kernel": GradientNorm(gradient=0.5, weight=1.0, relative=0.5),
    }
    return make_trace(
        epochs=(replace(epochs[0], gradients=gradients),), layers=(make_layer("lstm_1", [1.0, 1.0], kind="lstm"),)
    )


def histogram() -> Histogram:
    return Histogram(edges=(-1.0, 0.0, 0.5, 1.0), counts=(3, 5, 2), mean=0.1, deviation=0.4, zeros=1, not_finite=0)


def cnn_diagnostics(architecture: Architecture, seed: int = 0) -> Diagnostics:
    """A forward pass with random activations of the right shapes; every name is stored."""
    rng = np.random.default_rng(seed)
    arrays: dict[str, Any] = {}
    for record in architecture.layers:
        array = rng.normal(size=record.output_shape)
        arrays[f"forward_{record.name}"] = (np.abs(array) if "units" in record.name else array).astype(np.float16)
    arrays["forward_image"] = rng.integers(0, 17, architecture.layers[0].output_shape).astype(np.float16)
    arrays["forward_output"] = np.array([0.1, 0.7, 0.2], dtype=np.float16)
    forward = ForwardPass(row=3, truth=1, names=tuple(record.name for record in architecture.layers))
    return _diagnostics("image", ("cat", "dog", "owl"), arrays, forward, 16.0)


def lstm_diagnostics(architecture: Architecture, seed: int = 0) -> Diagnostics:
    """The same of a text; the embedding has fewer channels stored than there are."""
    rng = np.random.default_rng(seed)
    arrays = {
        f"forward_{record.name}": rng.normal(size=record.output_shape).astype(np.float16)
        for record in architecture.layers[1:]
    }
    arrays["forward_output"] = np.array([0.6, 0.4], dtype=np.float16)
    names = tuple(record.name for record in architecture.layers[1:])
    words = ("a", "rather", "<b>good</b>", "film")
    forward = ForwardPass(row=0, truth=1, names=names, words=words, channels={"embedding": 64})
    return _diagnostics("text", ("bad", "good"), arrays, forward, 1.0)


def _diagnostics(
    kind: Any, names: tuple[str, ...], arrays: dict[str, Any], forward: ForwardPass | None, scale: float
) -> Diagnostics:
    variables = {"conv_1/kernel": histogram(), "conv_1_normalization/gamma": histogram(), "output/kernel": histogram()}
    return Diagnostics(
        trial=0,
        kind=kind,
        class_names=names,
        weights=variables,
        gradients={"conv_1/kernel": histogram()},
        mistakes=(),
        influences=(),
        word_effects=(),
        forward=forward,
        scale=scale,
        notes={},
        arrays=arrays,
    )
