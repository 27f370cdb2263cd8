"""Health metrics: pure functions of a trial's `Trace`, one file each.

A metric function reads the trace and returns a `Reading`. The `@metric` decorator registers it and applies the
rules common to all metrics, so that no caller can get around them:

1. A training whose loss stopped being a finite number scores 0 on everything (status "diverged").
2. A metric that a model without skill could max out (`skill_gated`) scores 0 unless validation accuracy is above
   the majority rate with 95 % confidence (status "no skill").
3. What cannot be measured is None with a reason, never a constant.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from core.config import ScoringWeights
from core.health.result import MetricResult, Reading, Status
from core.health.skill import lacks_skill
from core.registry import Registry
from core.trial import Trace

__all__ = ["METRICS", "Metric", "MetricResult", "Reading", "Status", "measure", "metric"]

MetricFunction = Callable[[Trace], MetricResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One health metric: how to compute it and how to explain it in a sentence each."""

    name: str
    label: str
    meaning: str
    method: str
    advice: str
    version: int
    skill_gated: bool
    compute: MetricFunction


METRICS: Registry[Metric] = Registry("health metric", "core.health")


def metric(
    *, label: str, meaning: str, method: str, advice: str, version: int = 1, skill_gated: bool = False
) -> Callable[[Callable[[Trace], Reading]], MetricFunction]:
    """Register the decorated function under its own name and make it obey the common rules.

    Raise `version` whenever the same trace would give another number: results of two versions are not comparable.
    """

    def register(read: Callable[[Trace], Reading]) -> MetricFunction:
        @functools.wraps(read)
        def compute(trace: Trace) -> MetricResult:
            reading = _obey_common_rules(read, trace, skill_gated)
            return MetricResult.stamp(reading, name=read.__name__, version=version)

        entry = Metric(
            name=read.__name__,
            label=label,
            meaning=meaning,
            method=method,
            advice=advice,
            version=version,
            skill_gated=skill_gated,
            compute=compute,
        )
        METRICS.register(entry.name, entry)
        return compute

    return register


def measure(trace: Trace) -> dict[str, MetricResult]:
    """Compute every registered metric, in the order of the scoring weights; metrics without a weight come last."""
    weighted = [name for name in ScoringWeights().components() if name in METRICS]
    others = sorted(name for name in METRICS if name not in weighted)
    return {name: METRICS[name].compute(trace) for name in (*weighted, *others)}


def _obey_common_rules(read: Callable[[Trace], Reading], trace: Trace, skill_gated: bool) -> Reading:
    divergence = _divergence(trace)
    if divergence is not None:
        return Reading(value=0.0, status="diverged", reason=divergence, n=0)
    reading = read(trace)
    if not skill_gated:
        return reading
    if trace.val_n < 1:
        return Reading.missing("no validation rows to tell skill from chance", n=0)
    no_skill = lacks_skill(trace.val_correct, trace.val_n, trace.majority_rate)
    if no_skill is not None:  # the components stay: they show what the metric would have rewarded
        return replace(reading, value=0.0, status="no skill", reason=no_skill)
    return reading


def _divergence(trace: Trace) -> str | None:
    """Say why the training counts as diverged, or None. The loss before training is not part of the training."""
    if trace.diverged is not None:
        return trace.diverged or "the training diverged"
    for index, loss in enumerate(trace.window_losses):
        if loss is None or not math.isfinite(loss):
            return f"the training loss was not a finite number in epoch {index // trace.windows_per_epoch + 1}"
    for epoch in trace.epochs:
        for name, loss in (("training", epoch.loss), ("validation", epoch.val_loss)):
            if loss is None or not math.isfinite(loss):
                return f"the {name} loss was not a finite number in epoch {epoch.epoch}"
    return None
