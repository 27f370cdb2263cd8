"""Intervals: a mean over runs, and how precisely the runs tell it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.stats.samples import CONFIDENCE, Floats, Values, check_share, differences, has_spread, sample


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanInterval:
    """A mean with its Student t interval, in the unit of the values."""

    n: int
    mean: float | None  # None: there are no values
    sd: float | None  # sample standard deviation, divisor n - 1; None with fewer than 2 values
    low: float | None
    high: float | None
    confidence: float
    note: str | None  # why a number is missing


def mean_interval(values: Values, confidence: float = CONFIDENCE) -> MeanInterval:
    """Return the mean and its interval: mean ± t(n - 1) · sd / √n (Student 1908).

    At n = 10 it covers the true mean in 95 % of the cases where a bootstrap does in 91 %. Fewer than 2 values, or
    values that are all the same, tell nothing about the spread: no interval.

    >>> result = mean_interval([0.91, 0.93, 0.92, 0.94])
    >>> round(result.mean, 4), round(result.low, 4), round(result.high, 4)
    (0.925, 0.9045, 0.9455)
    >>> mean_interval([0.9, 0.9]).note
    'all 2 values are the same, so they do not tell how far the mean may be off'
    """
    check_share("confidence", confidence, CONFIDENCE)
    return _interval(sample("values", values), confidence, "values")


def paired_interval(a: Values, b: Values, confidence: float = CONFIDENCE) -> MeanInterval:
    """Return the mean of the differences b - a within pairs and its Student t interval; positive: b is higher.

    >>> result = paired_interval([0.90, 0.92, 0.91], [0.92, 0.93, 0.94])
    >>> round(result.mean, 4), round(result.low, 4), round(result.high, 4)
    (0.02, -0.0048, 0.0448)
    """
    check_share("confidence", confidence, CONFIDENCE)
    return _interval(differences(a, b), confidence, "differences")


def t_half_width(sd: float, n: int, confidence: float) -> float:
    """Return half the width of the t interval of a mean of n values, n ≥ 2.

    >>> round(t_half_width(1.0, 10, 0.95), 4)
    0.7154
    """
    from scipy.special import stdtrit  # not above: it takes 0.15 s, and few pages need it

    return float(stdtrit(n - 1, (1 + confidence) / 2)) * sd / math.sqrt(n)


def _interval(values: Floats, confidence: float, what: str) -> MeanInterval:
    n = int(values.size)
    if n < 2:
        note = f"an interval needs at least 2 {what}, got {n}"
        mean = float(values[0]) if n else None
        return MeanInterval(n=n, mean=mean, sd=None, low=None, high=None, confidence=confidence, note=note)
    mean = float(values.mean())
    if not has_spread(values):
        note = f"all {n} {what} are the same, so they do not tell how far the mean may be off"
        return MeanInterval(n=n, mean=mean, sd=0.0, low=None, high=None, confidence=confidence, note=note)
    sd = float(values.std(ddof=1))
    half = t_half_width(sd, n, confidence)
    return MeanInterval(n=n, mean=mean, sd=sd, low=mean - half, high=mean + half, confidence=confidence, note=None)
