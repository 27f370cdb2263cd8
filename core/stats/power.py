"""Power: what a study of n runs per mode can find, and what it cannot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import InvalidInputError
from core.stats.samples import ALPHA, check_count, check_share

POWER = 0.8
MOST_RUNS = 100_000
Design = Literal["paired", "unpaired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectableEffect:
    """The smallest true difference that a study of n pairs finds with the given power."""

    n: int
    d: float | None  # in standard deviations of the differences (Cohen's d_z)
    difference: float | None  # d · sd, in the unit of the values; None while sd is not known
    sd: float | None
    power: float
    alpha: float
    note: str | None  # why a number is missing


def power(n: int, d: float, *, alpha: float = ALPHA, design: Design = "paired") -> float:
    """Return the chance that a two-sided t test finds a true effect of size d with n runs per mode (Cohen 1988).

    P(|T| > t(1 - alpha/2)) with T noncentral t. Paired: n - 1 degrees of freedom, noncentrality d √n, d in standard
    deviations of the differences. Unpaired: 2n - 2 and d √(n/2), d in standard deviations between runs.

    >>> [round(power(10, d, design="unpaired"), 2) for d in (0.5, 0.8, 1.0, 1.5)]
    [0.19, 0.4, 0.56, 0.89]
    >>> round(power(10, 1.0), 2)
    0.8
    """
    check_count("n", n, 2)
    check_share("alpha", alpha, ALPHA)
    if not math.isfinite(d):
        raise InvalidInputError(f"d must be a finite number, got {d}; give the effect in standard deviations")
    from scipy.special import nctdtr, stdtrit

    freedom, shift = (n - 1, abs(d) * math.sqrt(n)) if design == "paired" else (2 * n - 2, abs(d) * math.sqrt(n / 2))
    bound = stdtrit(freedom, 1 - alpha / 2)
    # scipy gives nan where the chance is below 1e-14.
    below, far_below = np.nan_to_num([nctdtr(freedom, shift, bound), nctdtr(freedom, shift, -bound)], nan=0.0)
    return float(min(1 - below + far_below, 1.0))


def detectable_effect(
    n: int, sd: float | None = None, *, wanted: float = POWER, alpha: float = ALPHA
) -> DetectableEffect:
    """Return the minimum detectable effect of n pairs: the d at which `power(n, d)` reaches `wanted`.

    `sd` is that of the differences; before any run it is not known, and only d can be told. Never computed from the
    mean difference observed, which would only restate the p value.

    >>> result = detectable_effect(10, sd=0.008)
    >>> round(result.d, 2), round(result.difference, 4)
    (1.0, 0.008)
    >>> [round(detectable_effect(n).d, 2) for n in (5, 10, 20)]
    [1.68, 1.0, 0.66]
    """
    check_count("n", n, 0)
    check_share("wanted power", wanted, POWER)
    check_share("alpha", alpha, ALPHA)
    if sd is not None and not (math.isfinite(sd) and sd >= 0):
        raise InvalidInputError(f"sd must be 0 or more, got {sd}; give the standard deviation of the differences")
    d = _effect(n, wanted, alpha) if n >= 2 else None
    note: str | None = None
    if d is None:
        note = f"a t test needs at least 2 pairs, got {n}"
    elif sd is None:
        note = "the spread of the differences is not known before the runs"
    elif sd == 0:
        note = "all differences are the same, so their spread is not known"
    return DetectableEffect(
        n=n, d=d, difference=d * sd if d is not None and sd else None, sd=sd, power=wanted, alpha=alpha, note=note
    )


def runs_needed(d: float, *, wanted: float = POWER, alpha: float = ALPHA, design: Design = "paired") -> int | None:
    """Return the fewest runs per mode that find an effect of size d with power `wanted`; None above 100,000.

    >>> [runs_needed(d, design="unpaired") for d in (0.5, 0.8, 1.0)], runs_needed(0.5)
    ([64, 26, 17], 34)
    """
    check_share("wanted power", wanted, POWER)
    if power(MOST_RUNS, d, alpha=alpha, design=design) < wanted:
        return None
    low, high = 1, MOST_RUNS  # low is too few, high is enough
    while high - low > 1:
        middle = (low + high) // 2
        enough = power(middle, d, alpha=alpha, design=design) >= wanted
        low, high = (low, middle) if enough else (middle, high)
    return high


def _effect(n: int, wanted: float, alpha: float) -> float:
    from scipy.optimize import brentq

    if wanted <= alpha:
        return 0.0  # chance alone finds as much
    high = 1.0
    while power(n, high, alpha=alpha) < wanted:
        high *= 2
    return float(brentq(lambda d: power(n, d, alpha=alpha) - wanted, 0.0, high, xtol=1e-10))
