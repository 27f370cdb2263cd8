"""Two networks layer by layer: what is the same, what has changed, and what only one of them has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Literal

from core.architecture import Architecture, LayerRecord
from core.model_config import CnnConfig, LstmConfig, ModelConfig

Difference = Literal["same", "changed", "only in A", "only in B"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer to be compared: its name, its type and whatever is known of it."""

    name: str
    type: str
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Write the layer in a few words."""
        facts = (f"{name} {_plain(value)}" for name, value in self.facts.items())
        return ", ".join([self.type, *facts])


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedLayer:
    """The same place in both networks; None where one has no such layer. `changes`: in words, "units 64 → 128"."""

    difference: Difference
    a: Layer | None
    b: Layer | None
    changes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the layer."""
        layer = self.a or self.b
        assert layer is not None
        return layer.name


def compare_networks(a: Architecture | ModelConfig, b: Architecture | ModelConfig) -> tuple[AlignedLayer, ...]:
    """Align the layers of two networks by their names, in the order of the data.

    Two architectures tell more (shapes and parameters) than two configurations; both must be of one kind of source.
    """
    return align(tuple(_layers(a)), tuple(_layers(b)))


def align(a: tuple[Layer, ...], b: tuple[Layer, ...]) -> tuple[AlignedLayer, ...]:
    """Align two lists of layers by name."""
    matcher = SequenceMatcher(None, [layer.name for layer in a], [layer.name for layer in b], autojunk=False)
    rows: list[AlignedLayer] = []
    for tag, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        if tag == "equal":
            rows += [_row(left, right) for left, right in zip(a[a_from:a_to], b[b_from:b_to], strict=True)]
        else:
            rows += [AlignedLayer(difference="only in A", a=layer, b=None) for layer in a[a_from:a_to]]
            rows += [AlignedLayer(difference="only in B", a=None, b=layer) for layer in b[b_from:b_to]]
    return tuple(rows)


def _row(a: Layer, b: Layer) -> AlignedLayer:
    changes = [f"type {a.type} → {b.type}"] if a.type != b.type else []
    for name in dict.fromkeys([*a.facts, *b.facts]):
        old, new = a.facts.get(name), b.facts.get(name)
        if old != new:
            changes.append(f"{name} {_plain(old)} → {_plain(new)}")
    return AlignedLayer(difference="changed" if changes else "same", a=a, b=b, changes=tuple(changes))


def _layers(network: Architecture | ModelConfig) -> Iterator[Layer]:
    if isinstance(network, Architecture):
        yield from (_from_record(record) for record in network.layers)
    else:
        yield from config_layers(network)


def _from_record(record: LayerRecord) -> Layer:
    facts = {name.replace("_", " "): value for name, value in record.settings.items()}
    return Layer(
        name=record.name,
        type=record.type,
        facts=facts | {"output": record.output_shape, "parameters": record.parameters},
    )


def config_layers(config: ModelConfig) -> Iterator[Layer]:
    """Yield the layers that learn of a configuration, for trials that left no built network behind."""
    shared = {"activation": config.activation, "dropout": config.dropout, "initializer": config.kernel_initializer}
    if isinstance(config, CnnConfig):
        for number, filters in enumerate(config.filters, start=1):
            facts = {"filters": filters, "kernel": config.kernel_size, "normalised": config.batch_normalization}
            yield Layer(name=f"conv_{number}", type="Conv2D", facts=facts | shared)
        yield Layer(name="pooling", type="Global pooling", facts={"by": config.global_pooling})
    else:
        yield from _recurrent_layers(config)
    for number, units in enumerate(config.dense_units, start=1):
        yield Layer(name=f"dense_{number}", type="Dense", facts={"units": units} | shared)
    yield Layer(name="output", type="Dense")


def _recurrent_layers(config: LstmConfig) -> Iterator[Layer]:
    facts = {"words": config.vocabulary, "size": config.embedding_size, "dropout": config.spatial_dropout}
    yield Layer(name="embedding", type="Embedding", facts=facts | {"sequence length": config.sequence_length})
    for number, units in enumerate(config.lstm_units, start=1):
        facts = {"units": units, "both directions": config.bidirectional, "dropout": config.recurrent_dropout}
        yield Layer(name=f"lstm_{number}", type="LSTM", facts=facts | {"initializer": config.kernel_initializer})


def _plain(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return "×".join(_plain(side) for side in value)
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
