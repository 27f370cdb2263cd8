"""Effect sizes: a difference in units of the spread between runs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.stats.samples import CONFIDENCE, Floats, Values, check_share, differences, has_spread, pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectSize:
    """A standardised mean difference, in standard deviations between runs; positive: b is higher."""

    name: str
    n: int
    g: float | None
    low: float | None
    high: float | None
    confidence: float
    correction: float | None  # J, by which the plain quotient was multiplied to take out its bias
    note: str | None  # why a number is missing


def hedges_g(a: Values, b: Values, confidence: float = CONFIDENCE) -> EffectSize:
    """Return Hedges' g_av of pairs: g = J · mean(b - a) / √((sd_a² + sd_b²) / 2).

    g_av and not g_z, which divides by the sd of the differences: g_av counts in the spread between runs that a user
    sees in the plot, compares with studies that were not paired, and does not grow because common seeds make the
    halves of a pair alike (Lakens 2013; Cumming 2012). For power it is g_z that counts; see `detectable_effect`.

    J(m) = Γ(m/2) / (√(m/2) Γ((m-1)/2)) (Hedges 1981) with m = 2(n-1)/(1+r²), r the correlation of the halves
    (Cousineau & Goulet-Pelletier 2021). Interval for the true effect, from the noncentral t distribution:
    λ · √(2 sd_d² / (n (sd_a² + sd_b²))) (Algina & Keselman 2003); it needs no J. Below 3 pairs: None.

    >>> movie_1, movie_2 = [9, 7, 8, 9, 8, 9, 9, 10, 9, 9], [9, 6, 7, 8, 7, 9, 8, 8, 8, 7]
    >>> result = hedges_g(movie_2, movie_1)
    >>> round(result.g, 2), round(result.low, 2), round(result.high, 2)
    (1.05, 0.42, 1.8)
    """
    check_share("confidence", confidence, CONFIDENCE)
    first, second = pairs(a, b)
    n = int(first.size)
    if n < 3:
        return _nothing(n, confidence, f"Hedges' g needs at least 3 pairs, got {n}")
    if not (has_spread(first) or has_spread(second)):
        return _nothing(
            n, confidence, "the runs of either mode are all the same, so there is no spread to compare with"
        )
    spread = math.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2)
    changes = differences(first, second)
    correction = _bias_correction(2 * (n - 1) / (1 + _correlation(first, second) ** 2))
    limits = _limits(changes, spread, confidence) if has_spread(changes) else None
    low, high = limits or (None, None)
    return EffectSize(
        name="Hedges' g_av",
        n=n,
        g=correction * float(changes.mean()) / spread,
        low=low,
        high=high,
        confidence=confidence,
        correction=correction,
        note=None if limits else f"all {n} differences are the same, so there is no interval",
    )


def _limits(changes: Floats, spread: float, confidence: float) -> tuple[float, float] | None:
    from scipy.special import nctdtrinc

    se = float(changes.std(ddof=1)) / math.sqrt(changes.size)
    t = float(changes.mean()) / se
    tail = (1 - confidence) / 2
    low, high = (float(nctdtrinc(changes.size - 1, share, t)) * se / spread for share in (1 - tail, tail))
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None


def _bias_correction(freedom: float) -> float:
    return math.exp(math.lgamma(freedom / 2) - math.lgamma((freedom - 1) / 2)) / math.sqrt(freedom / 2)


def _correlation(first: Floats, second: Floats) -> float:
    if not (has_spread(first) and has_spread(second)):
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def _nothing(n: int, confidence: float, note: str) -> EffectSize:
    return EffectSize(
        name="Hedges' g_av", n=n, g=None, low=None, high=None, confidence=confidence, correction=None, note=note
    )
