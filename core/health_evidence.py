"""What a health metric measured on one network: its parts with what they mean, and the diagnostic that shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.figures.diagnostics.words import variable_name
from core.health.result import MetricResult

# What `n` counts, by metric
COUNTED = {
    "neuron_utilization": "hidden units",
    "parameter_efficiency": "validation rows",
    "training_stability": "loss windows",
    "gradient_health": "gradient readings",
    "convergence_quality": "epochs",
    "accuracy_consistency": "validation rows",
}
# The diagnostic that shows what was measured; it needs the trace only
SHOWN_BY = {
    "neuron_utilization": "dormant_units",
    "training_stability": "loss_windows",
    "gradient_health": "gradient_flow",
    "convergence_quality": "training_curves",
    "accuracy_consistency": "group_accuracy",
}
_MEANINGS: Mapping[str, Mapping[str, str]] = {
    "neuron_utilization": {"dormant": "dormant share of all hidden units"},
    "parameter_efficiency": {
        "total": "parameters of the network",
        "embedding": "of these in the embedding",
        "skill": "accuracy above always naming the most frequent class, scaled to 0 to 1",
        "size": "smallness: 1 is the smallest network of the search space, 0 the largest",
    },
    "training_stability": {
        "initial_loss": "loss before training",
        "final_loss": "loss at the end",
        "lowest_loss": "lowest loss on the way",
        "distance": "distance travelled, ups and downs together",
        "reversals": "changes of direction",
    },
    "convergence_quality": {
        "progress": "progress: how far below the loss of guessing it ended",
        "retention": "retention: share of the best fall still there at the end; below 1 it overfits",
        "settled": "settled: 1 means that the last third of the epochs moved nothing",
        "tse": "mean training loss ÷ loss of guessing (for information; not part of the score)",
    },
    "accuracy_consistency": {
        "temporal": "agreement between the answers of the last epochs (kappa)",
        "split": "evenness over groups of rows: 1 means no spread beyond sampling noise",
        "split:class": "of this, evenness over classes",
        "split:length": "of this, evenness over text lengths",
    },
}
_PREFIXES = {
    "layer": "{}: dormant share",
    "zeros": "{}: share of outputs exactly 0",
    "saturated": "{}: share of outputs at the ends of the range",
    "kernel": "{}: score of its gradients, mean over epochs",
}
_SHARES = ("dormant", "layer:", "zeros:", "saturated:")
_COUNTS = ("total", "embedding", "reversals")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One part of a metric in words, and its value as it is written."""

    what: str
    value: str


def evidence(metric_name: str, result: MetricResult) -> tuple[Evidence, ...]:
    """Return the parts of a metric in the order in which it stores them; a part of unknown name keeps its name."""
    return tuple(
        Evidence(what=_what(metric_name, name), value=_value(name, value)) for name, value in result.components.items()
    )


def _what(metric_name: str, name: str) -> str:
    known = _MEANINGS.get(metric_name, {}).get(name)
    if known is not None:
        return known
    prefix, colon, rest = name.partition(":")
    return _PREFIXES[prefix].format(variable_name(rest)) if colon and prefix in _PREFIXES else name.replace("_", " ")


def _value(name: str, value: float | None) -> str:
    if value is None:
        return "does not apply" if name.startswith("saturated:") else "not measured"
    if name.startswith(_SHARES):
        return f"{value:.1%}".replace("%", " %")
    return f"{value:,.0f}" if name in _COUNTS else f"{value:.3f}"
