"""A network as plain data: what its layers are and how they are joined. Written by the worker that built it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.records import STRICT_KEYS, from_json

ARCHITECTURE_FILE = "architecture.json"  # in the folder of a trial, beside its model


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRecord:
    """One layer. `output_shape` leaves out the batch axis; `settings` holds units, filters, rate and the like."""

    name: str
    type: str  # name of the Keras class
    inputs: tuple[str, ...]  # names of the layers that feed it
    output_shape: tuple[int | None, ...]
    parameters: int
    trainable: int
    settings: dict[str, Any]

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """All layers in the order in which the data passes them; the first is the input."""

    kind: Literal["cnn", "lstm"]
    classes: int
    layers: tuple[LayerRecord, ...]
    version: int = 1

    __pydantic_config__ = STRICT_KEYS

    @property
    def parameters(self) -> int:
        """All parameters of the network."""
        return sum(layer.parameters for layer in self.layers)

    def layer(self, name: str) -> LayerRecord | None:
        """Return the layer called `name`, or None."""
        return next((layer for layer in self.layers if layer.name == name), None)


def load_architecture(trial_folder: Path) -> Architecture | None:
    """Return the architecture that a trial's worker wrote, or None when there is none or it cannot be read."""
    try:
        return from_json(Architecture, (trial_folder / ARCHITECTURE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
