"""A network as a graph to be drawn: nodes with their size, place and measured health, and the edges between them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.architecture import Architecture, LayerRecord
from core.health.neuron_utilization import dormant_units
from core.layer_lessons import lesson
from core.trial import EpochRecord, GradientNorm, Trace

FOLD_ABOVE = 24  # layers; more of them are first shown folded into blocks
_UNITS = "_units"  # the mark of layers whose outputs are probed; the trace names them without it
_BLOCK = re.compile(r"^(?P<head>.+?_\d+|embedding)(?:_.+)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeHealth:
    """What was measured of a layer or block; None and empty where nothing was."""

    dormant: float | None = None  # share of units that do not vary with the input
    units: int = 0
    zeros: float | None = None  # share of outputs that are exactly 0
    saturation: float | None = None
    gradients: tuple[tuple[str, float | None], ...] = ()  # by kernel, relative, last epoch; None: not finite

    @property
    def gradient(self) -> float | None:
        """Relative gradient of the slowest kernel; None when none was measured or one is not finite."""
        values = [value for _, value in self.gradients if value is not None]
        return min(values) if values and len(values) == len(self.gradients) else None

    @property
    def broken_gradient(self) -> bool:
        """Whether a gradient was measured that is not a finite number."""
        return any(value is None for _, value in self.gradients)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """A layer, or a block of layers that belong together. `members` in the order of the data."""

    name: str
    family: str  # of the member that learns most
    members: tuple[LayerRecord, ...]
    level: int  # longest way from an input
    share: float  # of all parameters of the network
    health: NodeHealth

    @property
    def main(self) -> LayerRecord:
        """The member that the block is named for."""
        return self.members[0]

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """What leaves the node, without the batch axis."""
        return self.members[-1].output_shape

    @property
    def parameters(self) -> int:
        """All parameters of the node."""
        return sum(member.parameters for member in self.members)

    @property
    def trainable(self) -> int:
        """Those parameters that the training changes."""
        return sum(member.trainable for member in self.members)

    @property
    def activation(self) -> str | None:
        """The last activation in the node that is not the identity."""
        names = [member.settings.get("activation") for member in self.members]
        return next((str(name) for name in reversed(names) if name and name != "linear"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkGraph:
    """Nodes in the order of the data, and edges as pairs of names."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[tuple[str, str], ...]
    parameters: int
    folded: bool

    def node(self, name: str | None) -> GraphNode | None:
        """Return the node called `name`, or the one that holds a layer of this name, or None."""
        by_name = {member.name: node for node in self.nodes for member in node.members}
        return by_name.get(name or "") or next((node for node in self.nodes if node.name == name), None)

    @property
    def families(self) -> tuple[str, ...]:
        """The families that occur, in the order of the data."""
        return tuple(dict.fromkeys(node.family for node in self.nodes))


def network_graph(
    architecture: Architecture, trace: Trace | None = None, *, folded: bool | None = None
) -> NetworkGraph:
    """Return the graph of a network; `folded` None folds what has more than FOLD_ABOVE layers."""
    folded = len(architecture.layers) > FOLD_ABOVE if folded is None else folded
    groups = _blocks(architecture) if folded else {layer.name: (layer,) for layer in architecture.layers}
    owner = {member.name: name for name, members in groups.items() for member in members}
    pairs = [(owner[source], owner[layer.name]) for layer in architecture.layers for source in layer.inputs]
    edges = tuple(dict.fromkeys((source, target) for source, target in pairs if source != target))
    levels = _levels(tuple(groups), edges)
    total = architecture.parameters
    nodes = tuple(
        GraphNode(
            name=name,
            family=_family(members),
            members=members,
            level=levels[name],
            share=sum(member.parameters for member in members) / total if total else 0.0,
            health=_health(members, trace),
        )
        for name, members in groups.items()
    )
    return NetworkGraph(nodes=nodes, edges=edges, parameters=total, folded=folded)


def trace_name(layer: str) -> str:
    """Return the name that the trace and the diagnostics use for a layer.

    >>> trace_name("lstm_1_units"), trace_name("output")
    ('lstm_1', 'output')
    """
    return layer.removesuffix(_UNITS)


def _blocks(architecture: Architecture) -> dict[str, tuple[LayerRecord, ...]]:
    groups: dict[str, list[LayerRecord]] = {}
    for layer in architecture.layers:
        match = _BLOCK.match(layer.name)
        groups.setdefault(match["head"] if match else layer.name, []).append(layer)
    return {name: tuple(members) for name, members in groups.items()}


def _family(members: tuple[LayerRecord, ...]) -> str:
    return lesson(max(members, key=lambda member: member.parameters)).family


def _levels(names: tuple[str, ...], edges: tuple[tuple[str, str], ...]) -> dict[str, int]:
    """Longest way to each node; names come in the order of the data, so that one pass is enough."""
    levels = dict.fromkeys(names, 0)
    for name in names:
        levels[name] = max((levels[source] + 1 for source, target in edges if target == name), default=0)
    return levels


def _health(members: tuple[LayerRecord, ...], trace: Trace | None) -> NodeHealth:
    if trace is None:
        return NodeHealth()
    names = {trace_name(member.name) for member in members}
    activities = [activity for activity in trace.layers if activity.name in names and activity.deviations]
    gradients = _last_gradients(trace.epochs) if any(member.trainable for member in members) else {}
    own = tuple((kernel, norm.relative) for kernel, norm in gradients.items() if kernel.split("/")[0] in names)
    if not activities:
        return NodeHealth(gradients=own)
    activity = activities[-1]  # a block has one
    units = len(activity.deviations)
    return NodeHealth(
        dormant=dormant_units(activity.deviations) / units,
        units=units,
        zeros=activity.zero_fraction,
        saturation=activity.saturation,
        gradients=own,
    )


def _last_gradients(epochs: tuple[EpochRecord, ...]) -> dict[str, GradientNorm]:
    return next((epoch.gradients for epoch in reversed(epochs) if epoch.gradients), {})


def shape_text(shape: tuple[int | None, ...]) -> str:
    """Write a shape for people.

    >>> shape_text((28, 28, 1)), shape_text((None, 32))
    ('28 × 28 × 1', 'any × 32')
    """
    return " × ".join("any" if side is None else f"{side:,}" for side in shape)
