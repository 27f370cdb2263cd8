"""What to do about a health metric of one network: advice that names the layer, the class or the epoch concerned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from core.figures.diagnostics import gradient_flow, group_accuracy
from core.figures.diagnostics.words import share, variable_name
from core.health import METRICS
from core.health.gradient_health import EXPLODED, VANISHED
from core.health.neuron_utilization import dormant_units
from core.health.result import MetricResult
from core.trial import EpochRecord, Trace

GOOD = 0.8  # a metric from here on asks for nothing, unless one of its parts does
_DORMANT = 0.05  # share of a layer's units worth a word
_SATURATED = 0.5
_BEHIND = 100.0  # times slower than the fastest matrix; of a metric that is not good the slowest is named anyway
_MOST = 4  # pieces of advice per metric
_NOTHING = "Nothing to do: this is as it should be."
Adviser = Callable[[MetricResult, Trace], list[str]]


def advice(metric_name: str, result: MetricResult, trace: Trace | None) -> tuple[str, ...]:
    """Return what to do, the most important first; one sentence that nothing is to do when all is well.

    Why a result has a special status is its own `reason`, and not repeated here.
    """
    special = _by_status(result)
    if special is not None:
        return (special,)
    if result.value is None:
        return ()
    adviser = _ADVISERS.get(metric_name)
    found = adviser(result, trace) if adviser is not None and trace is not None else []
    if found:
        return tuple(found[:_MOST])
    general = METRICS[metric_name].advice if metric_name in METRICS else ""
    return (_NOTHING,) if result.value >= GOOD or not general else (general,)


def _by_status(result: MetricResult) -> str | None:
    if result.status == "diverged":
        return "Lower the learning rate first, to a tenth or less; then try another optimizer or activation."
    if result.status == "no skill":
        return "It has to learn something first: train for more epochs, change the learning rate, or use more units."
    if result.status == "not measurable":
        return "Not counted as bad: its weight goes to the other metrics. More epochs or validation rows may help."
    return None


def _neuron_utilization(result: MetricResult, trace: Trace) -> list[str]:
    found: list[tuple[float, str]] = []
    for layer in trace.layers:
        units = len(layer.deviations)
        dormant = dormant_units(layer.deviations) if units else 0
        kind = "filters" if layer.kind == "conv" else "units"
        if units and dormant == units:
            text = f"{layer.name}: all {units} {kind} are dormant, so it passes nothing on. Lower the learning rate"
            found.append((1.0, f"{text}, or use leaky ReLU or ELU."))
        elif units and dormant / units >= _DORMANT:
            other = "" if layer.activation in ("leaky_relu", "elu") else ", or use leaky ReLU or ELU"
            text = f"{layer.name}: {dormant} of {units} {kind} are dormant; make it narrower (about {units - dormant})"
            found.append((dormant / units, f"{text}, lower the learning rate{other}."))
        if layer.saturation is not None and layer.saturation >= _SATURATED:
            text = (
                f"{layer.name}: {share(layer.saturation, 0)} of its outputs are at the flat ends of {layer.activation}"
            )
            found.append((layer.saturation / 2, f"{text}; lower the learning rate or use another activation."))
    return [text for _, text in sorted(found, key=lambda pair: -pair[0])]


def _gradient_health(result: MetricResult, trace: Trace) -> list[str]:
    flow = gradient_flow.compute(trace)
    if isinstance(flow, str):
        return []
    last = {variable_name(name): values[-1] for name, values in flow.layers.items()}
    known = {name: value for name, value in last.items() if value is not None and value > 0}
    fastest = max(known, key=lambda name: known[name], default="")
    slowest = min(known, key=lambda name: known[name], default="")
    poor = result.value is not None and result.value < GOOD and len(known) > 1
    when = f"in epoch {flow.epochs[-1]}"
    reads = any(layer.kind == "lstm" for layer in trace.layers)
    steadier = "" if reads else "batch normalisation, "  # networks that read have none to switch on
    found = []
    for name, value in last.items():
        if value is None:
            found.append(f"{name}: the gradient was not a finite number {when}; lower the learning rate.")
        elif value > EXPLODED:
            found.append(f"{name}: the gradient was {value:.2g} times the weights {when}; lower the learning rate.")
        elif value < VANISHED:
            remedy = f"use {steadier}another activation or fewer layers"
            found.append(f"{name}: the gradient has vanished ({value:.1g} of the weights {when}); {remedy}.")
        elif known[fastest] / value >= _BEHIND or (poor and name == slowest):
            text = f"{name}: learns {known[fastest] / value:.0f} times slower than {fastest} {when}"
            found.append(f"{text}; use {steadier}another initialisation or fewer layers.")
    return found


def _training_stability(result: MetricResult, trace: Trace) -> list[str]:
    if result.value is not None and result.value >= GOOD:
        return []
    losses = [trace.initial_loss, *trace.window_losses]
    rises = [
        (after - before, place)
        for place, (before, after) in enumerate(pairwise(losses))
        if before is not None and after is not None and after > before
    ]
    if not rises:
        return []
    rise, place = max(rises)
    epoch = place // max(trace.windows_per_epoch, 1) + 1
    text = f"Epoch {epoch}: the training loss rose by {rise:.3f}, the largest of {len(rises)} rises"
    last = len(trace.window_losses) // max(trace.windows_per_epoch, 1)
    late = ", or let it fall with a cosine schedule" if last > 2 and epoch > last / 2 else ""
    return [f"{text}; lower the learning rate{late}, or use larger batches."]


def _convergence_quality(result: MetricResult, trace: Trace) -> list[str]:
    losses = {epoch.epoch: epoch.val_loss for epoch in trace.epochs if epoch.val_loss is not None}
    if not losses:
        return []
    parts, found = result.components, []
    best, last = min(losses, key=lambda epoch: losses[epoch]), max(losses)
    if _low(parts, "retention"):
        text = f"The validation loss was lowest in epoch {best} ({losses[best]:.3f}) and rose to {losses[last]:.3f} by"
        found.append(f"{text} epoch {last}: it overfits. Use more dropout, a smaller network, or stop earlier.")
    if _low(parts, "progress"):
        text = f"After epoch {last} the validation loss is {losses[last]:.3f}, guessing gives {trace.chance_loss:.3f}"
        found.append(f"{text}; train for more epochs, raise the learning rate, or use a larger network.")
    if _low(parts, "settled"):
        earlier = list(losses)[-1 - len(losses) // 3]
        move = abs(losses[earlier] - losses[last])
        text = f"From epoch {earlier} to {last} the validation loss still moved by {move:.3f}"
        found.append(f"{text}; train for more epochs, or let the learning rate fall with a cosine schedule.")
    return found


def _accuracy_consistency(result: MetricResult, trace: Trace) -> list[str]:
    found = []
    if _low(result.components, "temporal"):
        worst = min(trace.epochs[1:][-3:], key=_agreement)
        text = f"Epoch {worst.epoch}: many answers changed from the epoch before (kappa {_agreement(worst):.2f})"
        found.append(f"{text}; lower the learning rate towards the end, for example with a cosine schedule.")
    groups = group_accuracy.compute(trace)
    if not isinstance(groups, str):
        for group in groups.weak[:3]:
            what = "class" if group.kind == "class" else "length"
            text = f"{what} {group.name}: {share(group.accuracy)} right (n = {group.n:,}, 95 % interval up to "
            text += share(group.high)
            remedy = "add or balance its data" if what == "class" else "change the sequence length"
            found.append(f"{text}), all rows {share(groups.overall)}; look at the confusion matrix, {remedy}.")
    return found


def _parameter_efficiency(result: MetricResult, trace: Trace) -> list[str]:
    parts, found = result.components, []
    if _low(parts, "skill", 0.5):
        return ["Skill is what is missing, not size: train for more epochs or change the learning rate first."]
    total, embedding = trace.parameters.total, trace.parameters.embedding
    if _low(parts, "size", 0.5):
        if embedding > total / 2:
            text = f"embedding: holds {embedding:,} of {total:,} parameters"
            found.append(f"{text}; try a smaller vocabulary or embedding size.")
        widest = max(trace.layers, key=lambda layer: len(layer.deviations), default=None)
        if widest is not None:
            kind = "filters" if widest.kind == "conv" else "units"
            text = f"{widest.name}: the widest layer, {len(widest.deviations)} {kind} in a network of {total:,} weights"
            found.append(f"{text}; narrow it first and see whether the accuracy stays.")
    return found


def _low(parts: Mapping[str, float | None], name: str, below: float = GOOD) -> bool:
    value = parts.get(name)
    return value is not None and value < below


def _agreement(epoch: EpochRecord) -> float:
    return 2.0 if epoch.churn_kappa is None else epoch.churn_kappa


_ADVISERS: dict[str, Adviser] = {
    "neuron_utilization": _neuron_utilization,
    "gradient_health": _gradient_health,
    "training_stability": _training_stability,
    "convergence_quality": _convergence_quality,
    "accuracy_consistency": _accuracy_consistency,
    "parameter_efficiency": _parameter_efficiency,
}
