"""Convergence quality: whether the validation loss got low, stayed low and settled."""

from __future__ import annotations

from collections.abc import Sequence

from core.health import Reading, metric
from core.health.result import clip01
from core.trial import Trace

FULL_EPOCHS = 3  # below this there is no last third to look at
NO_LOSS = 1e-9  # nats; one stray row in ten million already makes a chance loss of 1e-6


def convergence_parts(losses: Sequence[float], chance_loss: float) -> dict[str, float | None]:
    """Return progress, retention and settled, each in [0, 1], from the validation loss per epoch (nats).

    progress = 1 - L_T / L_c; retention = (L_0 - L_T) / (L_0 - L_best) with L_0 = max(first loss, L_c), so 1 means
    no overfitting at the end; settled = 1 - |L_(T - T // 3) - L_T| / (L_0 - L_best), None below 3 epochs. All are
    0 when the loss never fell below chance, where there is nothing to retain or settle.

    >>> convergence_parts([2.0, 1.0, 0.5, 0.5], chance_loss=2.0)
    {'progress': 0.75, 'retention': 1.0, 'settled': 1.0}
    """
    long_enough = len(losses) >= FULL_EPOCHS
    last, best = losses[-1], min(losses)
    if best >= chance_loss:
        return {"progress": 0.0, "retention": 0.0, "settled": 0.0 if long_enough else None}
    start = max(losses[0], chance_loss)
    earlier = losses[-1 - len(losses) // 3]
    return {
        "progress": clip01(1 - last / chance_loss),
        "retention": clip01((start - last) / (start - best)),
        "settled": clip01(1 - abs(earlier - last) / (start - best)) if long_enough else None,
    }


@metric(
    label="Convergence quality",
    meaning="Whether the validation loss became low, stayed low and came to rest.",
    method="The geometric mean of progress (how far below guessing), retention (how much of the best fall is left "
    "at the end) and settledness (how little the last third of the epochs still moved it).",
    advice="Low progress or settledness: train longer or raise the learning rate. Low retention: the model "
    "overfits; add dropout or stop earlier.",
    skill_gated=True,
)
def convergence_quality(trace: Trace) -> Reading:
    """Return (progress · retention · settled)^(1/3) on the validation loss; below 3 epochs √(progress · retention).

    `tse`, the mean training loss relative to chance (Ru et al. 2021, sum of training losses), is reported beside
    it. What "settled" means depends on the number of epochs: compare within one study only.
    """
    losses = [epoch.val_loss for epoch in trace.epochs if epoch.val_loss is not None]
    training = [epoch.loss for epoch in trace.epochs if epoch.loss is not None]
    if not losses:
        return Reading.missing("no epoch was completed", n=0)
    if trace.chance_loss < NO_LOSS:
        return Reading.missing("the validation rows are all of one class: there is no loss of guessing", n=len(losses))
    components = convergence_parts(losses, trace.chance_loss)
    parts = [part for part in components.values() if part is not None]
    product = 1.0
    for part in parts:
        product *= part
    short = components["settled"] is None
    components["tse"] = sum(training) / len(training) / trace.chance_loss if training else None
    return Reading(
        value=product ** (1 / len(parts)),
        n=len(losses),
        status="short" if short else "ok",
        reason=f"{len(losses)} of {FULL_EPOCHS} epochs: whether it settled cannot be seen" if short else None,
        components=components,
        cost_s=0.0,
    )
