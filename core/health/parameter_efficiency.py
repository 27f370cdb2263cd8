"""Parameter efficiency: skill for the size, within what the search space offers."""

from __future__ import annotations

import math

from core.health import Reading, metric
from core.health.result import clip01
from core.health.skill import skill
from core.trial import Trace


def smallness(total: int, smallest: int, largest: int) -> float:
    """Return 1 for the smallest net of the search space, 0 for the largest, logarithmic between; clipped outside.

    If both are the same size, size cannot tell nets apart and costs nothing: 1.

    >>> smallness(1_000, 100, 10_000)
    0.5
    >>> smallness(100, 100, 100)
    1.0
    """
    if smallest == largest:
        return 1.0
    return 1 - clip01(math.log(total / smallest) / math.log(largest / smallest))


@metric(
    label="Parameter efficiency",
    meaning="How much the network knows for its size.",
    method="Skill (accuracy above always naming the most frequent class, scaled to 0-1) times smallness "
    "(1 for the smallest network of the search space, 0 for the largest, on a logarithmic scale).",
    advice="Low with good accuracy: try fewer filters or units. Low with poor accuracy: skill is what is missing.",
)
def parameter_efficiency(trace: Trace) -> Reading:
    """Return skill × (1 - clip(log(P / P_min) / log(P_max / P_min), 0, 1)).

    A bounded form of NetScore (Wong 2018), which is unbounded and negative for small nets. P counts all
    parameters, frozen ones included, because all of them are stored and computed with; the embedding's share is
    reported beside it because it hides the rest of a text network.
    """
    count = trace.parameters
    known = skill(trace.val_correct, trace.val_n, trace.majority_rate)
    components: dict[str, float | None] = {
        "total": float(count.total),
        "embedding": float(count.embedding),
        "skill": known,
        "size": None,
    }
    if known is None:
        return Reading.missing("skill needs validation rows of at least two classes", trace.val_n, components)
    if count.smallest is None or count.largest is None:
        return Reading.missing("no search space bounds: nothing to compare the size with", trace.val_n, components)
    if not 0 < count.smallest <= count.largest or count.total < 1:
        bounds = f"{count.smallest} to {count.largest}"
        return Reading.missing(f"size {count.total} with bounds {bounds} makes no scale", trace.val_n, components)
    size = smallness(count.total, count.smallest, count.largest)
    components["size"] = size
    return Reading(value=known * size, n=trace.val_n, components=components, cost_s=0.0)
