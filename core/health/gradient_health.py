"""Gradient health: whether every weight matrix learns at a comparable pace."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping

from core.health import Reading, metric
from core.health.result import clip01
from core.trial import Trace

VANISHED = 1e-7  # relative gradient below which a kernel has stopped learning
DECADES = 3  # a kernel this many powers of ten behind the fastest scores 0
EXPLODED = 1.0  # a gradient as large as the weights themselves


def kernel_scores(relative: Mapping[str, float | None]) -> dict[str, float]:
    """Score each kernel of one checkpoint in [0, 1] from its relative gradient r = ‖g‖ / ‖w‖.

    0 if r is None, not finite or below 1e-7; otherwise clip(1 - log10(r_max / r) / 3, 0, 1), and above r = 1
    times clip(1 - log10 r, 0, 1).

    >>> kernel_scores({"first": 1e-5, "last": 1e-2, "dead": 0.0})
    {'first': 0.0, 'last': 1.0, 'dead': 0.0}
    """
    fastest = max((r for r in relative.values() if r is not None and math.isfinite(r)), default=0.0)
    return {name: _score(r, fastest) for name, r in relative.items()}


@metric(
    label="Gradient health",
    meaning="Whether all layers learn at a comparable pace, with gradients neither vanishing nor exploding.",
    method="At the end of each epoch, the gradient of every weight matrix relative to the matrix itself; a matrix "
    "loses a third of its score for every power of ten it is behind the fastest, and all of it when its gradient "
    "is gone or not finite.",
    advice="Low: use batch normalisation, another activation or fewer layers; if gradients explode, lower the "
    "learning rate.",
)
def gradient_health(trace: Trace) -> Reading:
    """Return the mean over checkpoints of the mean over kernels of `kernel_scores`.

    Relative gradients are the inverse of the trust ratio of LARS (You et al. 2017); the floor of 1e-7 follows
    Amazon SageMaker Debugger's VanishingGradient rule. Absolute norms would call every converged net sick.
    """
    checkpoints = [
        kernel_scores({name: norm.relative for name, norm in epoch.gradients.items()})
        for epoch in trace.epochs
        if epoch.gradients
    ]
    if not checkpoints:
        return Reading.missing("no gradients were recorded", n=0)
    per_kernel: defaultdict[str, list[float]] = defaultdict(list)
    for scores in checkpoints:
        for name, score in scores.items():
            per_kernel[name].append(score)
    components: dict[str, float | None] = {f"kernel:{name}": _mean(scores) for name, scores in per_kernel.items()}
    return Reading(
        value=clip01(_mean([_mean(list(scores.values())) for scores in checkpoints])),
        n=sum(len(scores) for scores in checkpoints),
        components=components,
        cost_s=sum(epoch.probe_seconds for epoch in trace.epochs),
    )


def _score(relative: float | None, fastest: float) -> float:
    if relative is None or not math.isfinite(relative) or relative < VANISHED:
        return 0.0
    score = clip01(1 - math.log10(fastest / relative) / DECADES)
    return score * clip01(1 - math.log10(relative)) if relative > EXPLODED else score


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)
