"""Re-selection: what another accuracy weight would have picked from trials that are already there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInputError
from core.stats.samples import CONFIDENCE, Floats, check_count, check_share, sample

WEIGHTS = tuple(step / 20 for step in range(21))
RESAMPLES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTrials:
    """The finished trials of one run in the order of their numbers."""

    accuracy: Sequence[float]  # on validation data, in [0, 1]: what selection may look at
    health: Sequence[float | None]  # health score in [0, 1]; None: not measured
    outcome: Sequence[float]  # what the selection is judged by: accuracy on test or holdout data

    def __post_init__(self) -> None:
        sizes = len(self.accuracy), len(self.health), len(self.outcome)
        if len(set(sizes)) != 1 or not sizes[0]:
            raise InvalidInputError(
                f"accuracy, health and outcome must hold one value for each of at least 1 trial, got {sizes}; "
                "leave out trials without an outcome and runs without trials"
            )
        sample("outcome", self.outcome)
        for name, values in (("accuracy", self.accuracy), ("health", [h for h in self.health if h is not None])):
            array = sample(name, values)
            if array.size and not (array.min() >= 0 and array.max() <= 1):
                raise InvalidInputError(f"{name} must be between 0 and 1, got {array.min():g} to {array.max():g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReselectionCurve:
    """Mean outcome of the selected trials by accuracy weight, and its gain over selecting by accuracy alone."""

    runs: int
    weights: tuple[float, ...]
    outcome: tuple[float, ...]
    low: tuple[float, ...] | None  # None with fewer than 2 runs
    high: tuple[float, ...] | None
    gain: tuple[float, ...]  # against weight 1, in the same runs; spread between runs cancels
    gain_low: tuple[float, ...] | None
    gain_high: tuple[float, ...] | None
    changed: tuple[int, ...]  # runs in which the weight selects another trial than accuracy alone
    confidence: float
    seed: int
    note: str | None  # why there is no band


def select(run: RunTrials, weights: Sequence[float]) -> tuple[int, ...]:
    """Return for each accuracy weight w the trial with the largest total w · accuracy + (1 - w) · health.

    The same total as `core.scoring.score`: without a health score accuracy counts alone. The earliest of equals wins.

    >>> select(RunTrials(accuracy=[0.9, 0.8], health=[0.5, 0.7], outcome=[0.9, 0.8]), [0, 0.9, 1])
    (1, 0, 0)
    """
    accuracy = sample("accuracy", run.accuracy)
    measured = np.array([health is not None for health in run.health])
    health = np.array([0.0 if health is None else health for health in run.health])
    for_accuracy = _weights(weights)[:, None]
    for_health = np.round(1 - for_accuracy, 12)
    totals = np.where(measured, np.minimum(for_accuracy * accuracy + for_health * health, 1.0), accuracy)
    return tuple(int(trial) for trial in totals.argmax(axis=1))


def reselection_curve(
    runs: Sequence[RunTrials],
    *,
    seed: int,
    weights: Sequence[float] = WEIGHTS,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
) -> ReselectionCurve:
    """Return the mean outcome over runs of what each accuracy weight selects, with percentile bands over runs.

    The bands resample whole runs and hold for each weight by itself, not for the curve as a whole. With 10 runs they
    are somewhat too narrow (about 91 % for 95 %): exploratory, and the best weight of the curve is picked in hindsight.

    >>> run = RunTrials(accuracy=[0.9, 0.8], health=[0.5, 0.7], outcome=[0.85, 0.75])
    >>> curve = reselection_curve([run, run], seed=0, weights=[0, 0.9, 1])
    >>> curve.outcome, curve.changed
    ((0.75, 0.85, 0.85), (2, 0, 0))
    """
    check_count("runs", len(runs), 1)
    check_count("resamples", resamples, 100)
    check_share("confidence", confidence, CONFIDENCE)
    grid = [*weights, 1.0]  # the last is what the others are compared with
    picks = np.array([select(run, grid) for run in runs])
    outcomes = np.array([sample("outcome", run.outcome)[list(pick)] for run, pick in zip(runs, picks, strict=True)])
    gains = outcomes - outcomes[:, -1:]
    low, high = _band(outcomes, seed, confidence, resamples)
    gain_low, gain_high = _band(gains, seed, confidence, resamples)
    return ReselectionCurve(
        runs=len(runs),
        weights=tuple(float(weight) for weight in weights),
        outcome=_row(outcomes.mean(axis=0)),
        low=low,
        high=high,
        gain=_row(gains.mean(axis=0)),
        gain_low=gain_low,
        gain_high=gain_high,
        changed=tuple(int(number) for number in np.count_nonzero(picks != picks[:, -1:], axis=0)[:-1]),
        confidence=confidence,
        seed=seed,
        note=None if len(runs) > 1 else "a band needs at least 2 runs, got 1",
    )


def _band(
    outcomes: Floats, seed: int, confidence: float, resamples: int
) -> tuple[tuple[float, ...], tuple[float, ...]] | tuple[None, None]:
    n = len(outcomes)
    if n < 2:
        return None, None
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)  # how often each run is drawn
    low, high = np.quantile(times @ outcomes / n, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return _row(low), _row(high)


def _row(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values[:-1])


def _weights(weights: Sequence[float]) -> Floats:
    for weight in weights:
        if not (math.isfinite(weight) and 0 <= weight <= 1):
            raise InvalidInputError(f"accuracy weights must be between 0 and 1, got {weight}; health gets what is left")
    return np.asarray(weights, dtype=np.float64)
