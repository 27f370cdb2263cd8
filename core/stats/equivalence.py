"""Equivalence: can a difference as large as matters be ruled out?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.errors import InvalidInputError
from core.stats.intervals import MeanInterval, paired_interval
from core.stats.samples import ALPHA, Values

SESOI = 0.005  # smallest effect size of interest: half a percentage point of accuracy


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalence:
    """Two one-sided tests of the mean difference b - a against ± `sesoi`, in the unit of the values."""

    n: int
    difference: float | None  # None: there are no pairs
    p: float | None  # below alpha: the true difference lies within ± sesoi
    low: float | None  # the interval that belongs to the test, of confidence 1 - 2 alpha
    high: float | None
    sesoi: float
    alpha: float
    note: str | None  # why there is no p

    @property
    def equivalent(self) -> bool:
        """Whether a difference as large as `sesoi` is ruled out; False also when that could not be tested."""
        return self.p is not None and self.p < self.alpha


def tost(a: Values, b: Values, *, sesoi: float = SESOI, alpha: float = ALPHA) -> Equivalence:
    """Test whether the mean difference lies within ± sesoi: two one-sided paired t tests (Schuirmann 1987).

    p = max(P(T ≥ (d + sesoi)/se), P(T ≤ (d - sesoi)/se)) with T of n - 1 degrees of freedom, se = sd/√n. p < alpha
    exactly when the interval of confidence 1 - 2 alpha lies within ± sesoi. A large p does not show a difference.

    >>> result = tost([0.900, 0.920, 0.910, 0.930], [0.901, 0.920, 0.909, 0.931])
    >>> round(result.p, 4), result.equivalent
    (0.0011, True)
    """
    if not (math.isfinite(sesoi) and sesoi > 0):
        raise InvalidInputError(f"sesoi must be above 0, got {sesoi}; give the smallest difference that matters")
    if not 0 < alpha < 0.5:
        raise InvalidInputError(f"alpha must be between 0 and 0.5, both excluded, got {alpha}; {ALPHA:g} is usual")
    found = paired_interval(a, b, 1 - 2 * alpha)
    return Equivalence(
        n=found.n,
        difference=found.mean,
        p=_p(found, sesoi),
        low=found.low,
        high=found.high,
        sesoi=sesoi,
        alpha=alpha,
        note=found.note,
    )


def _p(found: MeanInterval, sesoi: float) -> float | None:
    if found.mean is None or not found.sd:
        return None
    from scipy.special import stdtr

    se = found.sd / math.sqrt(found.n)
    not_below = stdtr(found.n - 1, -(found.mean + sesoi) / se)
    not_above = stdtr(found.n - 1, (found.mean - sesoi) / se)
    return float(max(not_below, not_above))
