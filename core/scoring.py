"""One number per trial from accuracy and health, and how much of it accuracy really decides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.config import ScoringWeights
from core.errors import InvalidInputError
from core.health.result import MetricResult
from core.records import STRICT_KEYS

NO_SPREAD = 1e-12  # totals this close together differ by rounding only


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A trial's total and how it came about."""

    total: float  # in [0, 1]
    accuracy: float  # in [0, 1]
    health: float | None  # in [0, 1]; None: no component could be measured
    used: dict[str, float]  # the weight that accuracy and each component had in the total; sums to 1
    redistributed: tuple[str, ...]  # unmeasured components whose weight went to the measured ones
    note: str | None

    __pydantic_config__ = STRICT_KEYS


def score(accuracy: float, health: Mapping[str, MetricResult], weights: ScoringWeights) -> Score:
    """Combine as w_a · accuracy + w_h · Σ v_i m_i.

    The weight of a component that was not measured is shared among the measured ones in proportion to their
    weights. If no measured component has a weight there is no health score and accuracy counts alone.

    >>> def result(name, value):
    ...     return MetricResult(name=name, value=value, n=1, version=1)
    >>> values = {name: result(name, 0.5) for name in ScoringWeights().components()}
    >>> round(score(0.9, values, ScoringWeights()).total, 6)
    0.78
    """
    if not (math.isfinite(accuracy) and 0 <= accuracy <= 1):
        raise InvalidInputError(f"accuracy must be between 0 and 1, got {accuracy}")
    proportions = weights.components()
    measured = {name: value for name in proportions if (value := _value(health, name)) is not None}
    redistributed = tuple(name for name, share in proportions.items() if share > 0 and name not in measured)
    covered = math.fsum(proportions[name] for name in measured)
    if covered <= 0:
        used = {"accuracy": 1.0, **dict.fromkeys(proportions, 0.0)}
        note = "no health component with a weight could be measured; the total is the accuracy"
        return Score(total=accuracy, accuracy=accuracy, health=None, used=used, redistributed=redistributed, note=note)
    shares = {name: proportions[name] / covered if name in measured else 0.0 for name in proportions}
    together = min(math.fsum(shares[name] * value for name, value in measured.items()), 1.0)
    total = math.fsum((weights.accuracy * accuracy, weights.health * together))
    return Score(
        total=min(total, 1.0),
        accuracy=accuracy,
        health=together,
        used={"accuracy": weights.accuracy, **{name: weights.health * share for name, share in shares.items()}},
        redistributed=redistributed,
        note=f"not measured: {', '.join(redistributed)}; the others share the weight" if redistributed else None,
    )


def effective_accuracy_share(
    accuracies: Sequence[float], healths: Sequence[float | None], weights: ScoringWeights
) -> float | None:
    """Return the share of the total's variance across trials that is due to accuracy.

    cov(w_a · accuracy, total) / var(total). The nominal weight says little when accuracies lie close together
    and health does not. Below 0 or above 1 when accuracy and health pull in opposite directions. Where health is
    None the total is the accuracy. None with fewer than 2 trials or when all totals are the same.

    >>> round(effective_accuracy_share([0.98, 0.99], [0.4, 0.9], ScoringWeights()), 3)
    0.045
    """
    if len(accuracies) != len(healths):
        raise InvalidInputError(f"one health per accuracy is needed, got {len(healths)} for {len(accuracies)}")
    if len(accuracies) < 2:
        return None
    known = np.array([health is not None for health in healths])
    from_accuracy = np.where(known, weights.accuracy, 1.0) * np.asarray(accuracies, dtype=float)
    from_health = weights.health * np.array([0.0 if health is None else health for health in healths])
    total = from_accuracy + from_health
    if np.ptp(total) <= NO_SPREAD:
        return None
    return float(np.cov(from_accuracy, total)[0, 1] / np.var(total, ddof=1))


def _value(health: Mapping[str, MetricResult], name: str) -> float | None:
    return health[name].value if name in health else None
