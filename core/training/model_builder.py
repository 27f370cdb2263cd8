"""From a ModelConfig to a compiled-ready Keras model."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from core.model_config import CnnConfig, LstmConfig, ModelConfig
from core.trial import ParameterCount

# Layers whose outputs are units of the health probe carry this mark at the end of their names.
UNITS = "_units"
# Keras's 0.99 needs some 500 steps before inference matches training; a trial here may have 170 in all.
_MOMENTUM = 0.9
_POOLABLE_SIDE = 4  # a side below this is no longer halved, so that small images do not shrink to nothing


def build_model(
    config: ModelConfig, shape: tuple[int, ...], classes: int, scale: float = 1.0, *, synchronized: bool = False
) -> keras.Model:
    """Build the network; its output is a softmax over `classes`, in float32 under any precision policy.

    `shape` is (H, W, C) for images, whose raw values are divided by `scale` inside the model; texts come as
    (sequence_length,) token ids. Weights follow Keras's global seed. `synchronized`: batch normalization takes its
    statistics over all replicas of a distributed training.
    """
    if isinstance(config, CnnConfig):
        inputs = keras.Input(shape, name="image")
        hidden = _convolutions(layers.Rescaling(1.0 / scale, name="rescale")(inputs), config, synchronized)
    else:
        inputs = keras.Input((config.sequence_length,), dtype="int32", name="tokens")
        hidden = _recurrence(inputs, config)
    for number, units in enumerate(config.dense_units, start=1):
        name = f"dense_{number}"
        hidden = layers.Dense(units, kernel_initializer=config.kernel_initializer, name=name)(hidden)
        hidden = _activation(config, name)(hidden)
        if config.dropout:
            hidden = layers.Dropout(config.dropout, name=f"{name}_dropout")(hidden)
    outputs = layers.Dense(classes, activation="softmax", dtype="float32", name="output")(hidden)
    return keras.Model(inputs, outputs, name=config.kind)


def _activation(config: ModelConfig, name: str) -> Any:
    return layers.Activation(config.activation, name=f"{name}{UNITS}")


def _convolutions(hidden: Any, config: CnnConfig, synchronized: bool) -> Any:
    for number, filters in enumerate(config.filters, start=1):
        name = f"conv_{number}"
        hidden = layers.Conv2D(
            filters,
            config.kernel_size,
            padding="same",
            use_bias=not config.batch_normalization,
            kernel_initializer=config.kernel_initializer,
            name=name,
        )(hidden)
        if config.batch_normalization:
            hidden = layers.BatchNormalization(
                momentum=_MOMENTUM, synchronized=synchronized, name=f"{name}_normalization"
            )(hidden)
        hidden = _activation(config, name)(hidden)
        if min(hidden.shape[1:3]) >= _POOLABLE_SIDE:
            hidden = layers.MaxPooling2D(2, name=f"{name}_pooling")(hidden)
        if config.dropout:
            hidden = layers.Dropout(config.dropout, name=f"{name}_dropout")(hidden)
    if config.global_pooling == "average":
        return layers.GlobalAveragePooling2D(name="global_pooling")(hidden)
    if config.global_pooling == "max":
        return layers.GlobalMaxPooling2D(name="global_pooling")(hidden)
    return layers.Flatten(name="flatten")(hidden)


def _recurrence(inputs: Any, config: LstmConfig) -> Any:
    hidden = layers.Embedding(config.vocabulary, config.embedding_size, mask_zero=True, name="embedding")(inputs)
    if config.spatial_dropout:
        hidden = layers.SpatialDropout1D(config.spatial_dropout, name="embedding_dropout")(hidden)
    for number, units in enumerate(config.lstm_units, start=1):
        last = number == len(config.lstm_units)
        name = f"lstm_{number}{UNITS}"
        layer = layers.LSTM(
            units,
            return_sequences=not last,
            recurrent_dropout=config.recurrent_dropout,
            kernel_initializer=config.kernel_initializer,
            name=f"lstm_{number}_cell" if config.bidirectional else name,
        )
        hidden = (layers.Bidirectional(layer, name=name) if config.bidirectional else layer)(hidden)
    return hidden


def count_parameters(model: keras.Model) -> ParameterCount:
    """Count the parameters: all, trainable, and those of embeddings (part of both)."""
    trainable = sum(_size(weight) for weight in model.trainable_weights)
    embedding = sum(
        _size(weight) for layer in model.layers if isinstance(layer, layers.Embedding) for weight in layer.weights
    )
    return ParameterCount(total=model.count_params(), trainable=trainable, embedding=embedding)


def _size(weight: Any) -> int:
    size = 1
    for side in weight.shape:
        size *= int(side)
    return size


def count_config_parameters(config: ModelConfig, shape: tuple[int, ...], classes: int) -> int:
    """Build the net of `config` and return how many parameters it has."""
    return int(build_model(config, shape, classes).count_params())
