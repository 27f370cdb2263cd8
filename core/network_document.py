"""The architecture of a trained network as one JSON document to take away."""

from __future__ import annotations

import json
from typing import Any

from core.architecture import Architecture, LayerRecord
from core.errors import InvalidInputError
from core.figures.network_3d import compute as boxes_of
from core.layer_colouring import colour_layers
from core.network_graph import NodeHealth, network_graph
from core.records import from_dict
from core.store import TrialRecord
from core.trial import Trace

FORMAT, VERSION = "model-health-lab/architecture", 1
_STATED = ("accuracy", "test_accuracy", "total_score", "health", "components", "parameters", "seconds", "params")


def architecture_json(architecture: Architecture, trace: Trace | None, run: str, trial: TrialRecord) -> bytes:
    """Return the document: every layer with its place, size, parameters and health, and the trial's performance.

    `position` and `size` are those of the 3D view; what was not measured is null.
    """
    graph = network_graph(architecture, trace, folded=False)
    boxes = {box.name: box for box in boxes_of(graph, colour_layers(graph, "type")).boxes}
    layers = []
    for node in graph.nodes:
        box = boxes[node.name]
        layers.append(
            {
                "name": node.name,
                "type": node.main.type,
                "inputs": list(node.main.inputs),
                "output_shape": list(node.output_shape),
                "parameters": node.parameters,
                "trainable": node.trainable,
                "share_of_parameters": node.share,
                "settings": node.main.settings,
                "level": node.level,
                "position": dict(zip("xyz", box.centre, strict=True)),
                "size": dict(zip("xyz", box.size, strict=True)),
                "health": _health(node.health),
            }
        )
    document = {
        "format": FORMAT,
        "version": VERSION,
        "kind": architecture.kind,
        "classes": architecture.classes,
        "parameters": architecture.parameters,
        "run": run,
        "trial": trial.number,
        "performance": {name: getattr(trial, name) for name in _STATED},
        "layers": layers,
    }
    return json.dumps(document, indent=2, allow_nan=False).encode()


def read_architecture(content: bytes) -> Architecture:
    """Return the architecture that a document describes. Raises InvalidInputError when it is no such document."""
    try:
        document = json.loads(content)
        found = (document.get("format"), document.get("version"))
    except (ValueError, AttributeError) as error:
        raise InvalidInputError(f"not an architecture document: {error}") from None
    if found != (FORMAT, VERSION):
        raise InvalidInputError(f"not a {FORMAT} document of version {VERSION}, got {found}")
    kept = LayerRecord.__dataclass_fields__.keys()
    layers = [{key: value for key, value in layer.items() if key in kept} for layer in document["layers"]]
    return from_dict(Architecture, {"kind": document["kind"], "classes": document["classes"], "layers": layers})


def _health(health: NodeHealth) -> dict[str, Any]:
    return {
        "dormant_share": health.dormant,
        "units": health.units or None,
        "zero_share": health.zeros,
        "saturated_share": health.saturation,
        "relative_gradients": dict(health.gradients) or None,
    }
