"""Training stability: how directly the training loss went from where it started to where it ended."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from core.health import Reading, metric
from core.health.result import clip01
from core.trial import Trace

DEAD_BAND = 0.01  # of the largest fall L_0 - L_min
MIN_WINDOWS = 3


def turning_points(losses: Sequence[float], band: float) -> list[float]:
    """Return the first loss, every turning point and the last level, with wobbles smaller than `band` removed.

    The curve follows the current direction however small the steps; it turns only when the loss has come back
    by `band` or more from the furthest point reached. So noise on a plateau is no movement, while a long slide
    in tiny steps counts in full.

    >>> turning_points([3.0, 2.0, 1.0], band=0.1)
    [3.0, 1.0]
    >>> turning_points([3.0, 1.0, 1.05, 2.0, 1.95, 0.5], band=0.1)
    [3.0, 1.0, 2.0, 0.5]
    """
    points = [losses[0]]
    direction = 0
    for loss in losses[1:]:
        move = loss - points[-1]
        if direction and move * direction >= 0:
            points[-1] = loss  # further along the same way
        elif move and abs(move) >= band:
            points.append(loss)
            direction = 1 if move > 0 else -1
    return points


def path_efficiency(losses: Sequence[float]) -> float:
    """Return net fall / distance travelled, clipped to [0, 1]; unchanged by scaling or shifting the loss.

    Moves smaller than 1 % of the largest fall are ignored, also at the end. A loss that never fell gives 0.

    >>> path_efficiency([4.0, 3.0, 1.0])
    1.0
    >>> path_efficiency([4.0, 2.0, 3.0, 1.0])
    0.6
    >>> path_efficiency([4.0, 1.0, 4.0])
    0.0
    """
    fall = losses[0] - min(losses)
    if fall <= 0:
        return 0.0
    points = turning_points(losses, DEAD_BAND * fall)
    return clip01((points[0] - points[-1]) / _distance(points))


@metric(
    label="Training stability",
    meaning="Whether the training loss went down directly or by detours.",
    method="The net fall of the training loss divided by the distance it travelled up and down, from the loss "
    "before training through at least four windows per epoch; wobbles below 1 % of the fall do not count.",
    advice="Low: lower the learning rate, use larger batches, or add a warm-up.",
    skill_gated=True,
)
def training_stability(trace: Trace) -> Reading:
    """Return clip((L_0 - L_T) / Σ|ΔL|, 0, 1) over the windows' mean training losses, L_0 measured before training.

    Path efficiency with a dead band; L_0 is part of it because an explosion in the first epoch would otherwise
    look like a smooth fall (compare the oscillating-loss symptom of AutoTrainer, Zhang et al. ICSE 2021).
    """
    windows = [loss for loss in trace.window_losses if loss is not None]
    if len(windows) < MIN_WINDOWS:
        return Reading.missing(f"needs at least {MIN_WINDOWS} loss windows, got {len(windows)}", n=len(windows))
    if trace.initial_loss is None:
        return Reading.missing("the loss before training was not a finite number", n=len(windows))
    losses = [trace.initial_loss, *windows]
    points = turning_points(losses, DEAD_BAND * max(losses[0] - min(losses), 0.0))
    components: dict[str, float | None] = {
        "initial_loss": losses[0],
        "final_loss": losses[-1],
        "lowest_loss": min(losses),
        "distance": _distance(points),
        "reversals": float(max(len(points) - 2, 0)),
    }
    return Reading(value=path_efficiency(losses), n=len(windows), components=components, cost_s=0.0)


def _distance(points: Sequence[float]) -> float:
    return sum(abs(after - before) for before, after in pairwise(points))
