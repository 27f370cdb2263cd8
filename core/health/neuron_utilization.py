"""Neuron utilization: the share of hidden units whose output varies with the input."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.health import Reading, metric
from core.trial import Trace

DORMANT_AT = 0.025  # of the layer's mean deviation (tau)
SILENT_LAYER = 1e-9  # mean deviation below which no unit of the layer says anything


def dormant_units(deviations: Sequence[float | None]) -> int:
    """Count the dormant units of one layer from the units' mean absolute deviations (>= 0).

    A unit is dormant if its deviation is at most 0.025 of the layer's mean deviation. A layer that is constant
    as a whole is wholly dormant. None (not a finite number) carries no information: dormant, and left out of the
    layer's mean.

    >>> dormant_units([1.0, 1.0, 0.0, 1.0])
    1
    >>> dormant_units([0.0, 0.0])
    2
    """
    finite = [value for value in deviations if value is not None and math.isfinite(value)]
    mean = math.fsum(finite) / len(finite) if finite else 0.0
    if mean < SILENT_LAYER:
        return len(deviations)
    alive = sum(value / mean > DORMANT_AT for value in finite)
    return len(deviations) - alive


@metric(
    label="Neuron utilization",
    meaning="The share of hidden neurons whose output changes with the input; the others are ballast.",
    method="A neuron is dormant if its output varies less than 2.5 % as much as its layer's average on the "
    "validation probe; the value is 1 minus the dormant share over all hidden layers.",
    advice="Many dormant neurons: make the layer narrower, lower the learning rate, or use leaky ReLU or ELU.",
)
def neuron_utilization(trace: Trace) -> Reading:
    """Return 1 - dormant units / units over all hidden layers.

    Dormant neurons as in Sokar et al. 2023 (arXiv 2302.12902), with centred activations so that a unit stuck at
    a constant other than 0, such as a dead sigmoid at 0.5, is found too. It does not see units whose outgoing
    weights are 0, nor duplicates.
    """
    units = sum(len(layer.deviations) for layer in trace.layers)
    if units == 0:
        return Reading.missing("the network has no hidden units that were probed", n=0)
    components: dict[str, float | None] = {"dormant": 0.0}
    dormant = 0
    for layer in trace.layers:
        if not layer.deviations:
            continue
        asleep = dormant_units(layer.deviations)
        dormant += asleep
        components[f"layer:{layer.name}"] = asleep / len(layer.deviations)
        components[f"zeros:{layer.name}"] = layer.zero_fraction
        components[f"saturated:{layer.name}"] = layer.saturation
    components["dormant"] = dormant / units
    return Reading(value=(units - dormant) / units, n=units, components=components)
