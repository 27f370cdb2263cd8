"""From a Keras model to its architecture as plain data."""

from __future__ import annotations

from typing import Any, Literal

import keras

from core.architecture import Architecture, LayerRecord

_SETTINGS = (
    "filters", "kernel_size", "strides", "padding", "pool_size", "units", "rate", "momentum", "use_bias",
    "input_dim", "output_dim", "mask_zero", "return_sequences", "recurrent_dropout", "scale",
)  # fmt: skip


def describe(model: keras.Model) -> Architecture:
    """Return what the layers of `model` are; their names are Keras's own, so `model.get_layer(name)` finds them."""
    kind: Literal["cnn", "lstm"] = "lstm" if len(model.input_shape) == 2 else "cnn"
    names = {layer.name for layer in model.layers}
    records = tuple(_record(layer, names) for layer in model.layers)
    return Architecture(kind=kind, classes=int(model.output_shape[-1]), layers=records)


def _record(layer: keras.Layer, names: set[str]) -> LayerRecord:
    return LayerRecord(
        name=layer.name,
        type=type(layer).__name__,
        inputs=tuple(source for source in _sources(layer) if source in names),  # a mask comes from no layer
        output_shape=tuple(layer.output.shape[1:]),
        parameters=int(layer.count_params()),
        trainable=sum(_size(weight.shape) for weight in layer.trainable_weights),
        settings=_settings(layer),
    )


def _sources(layer: keras.Layer) -> tuple[str, ...]:
    if isinstance(layer, keras.layers.InputLayer):
        return ()
    # Keras 3 offers no public way from a layer to those that feed it.
    return tuple(str(tensor._keras_history.operation.name) for tensor in keras.tree.flatten(layer.input))


def _settings(layer: keras.Layer) -> dict[str, Any]:
    inner = layer.forward_layer if isinstance(layer, keras.layers.Bidirectional) else layer
    config = inner.get_config()
    settings = {name: _plain(config[name]) for name in _SETTINGS if name in config}
    activation = getattr(inner, "activation", None)
    if activation is not None:
        settings["activation"] = "swish" if activation.__name__ == "silu" else str(activation.__name__)
    if isinstance(layer, keras.layers.Bidirectional):
        settings |= {"bidirectional": True, "layer": type(inner).__name__}
    if isinstance(layer, keras.layers.BatchNormalization):
        del settings["scale"]  # there it says only that gamma exists
    return settings


def _plain(value: Any) -> Any:
    """JSON types alone: a tuple that comes back as a list would no longer equal the original."""
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for side in shape:
        size *= int(side)
    return size
