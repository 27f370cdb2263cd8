"""Proportions: an interval for a share of successes."""

from __future__ import annotations

import math
from statistics import NormalDist

from core.errors import InvalidInputError
from core.stats.samples import CONFIDENCE, check_share


def wilson_interval(successes: float, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion (Wilson 1927); (0, 1) when n is 0.

    Centre (p + z²/2n) / (1 + z²/n), half width √(z² (p (1 - p)/n + z²/4n²)) / (1 + z²/n). A tie may count as half a
    success; the interval is then a little too wide, since halves vary less than wholes.

    >>> low, high = wilson_interval(8, 10)
    >>> round(low, 4), round(high, 4)
    (0.4902, 0.9433)
    """
    if not 0 <= successes <= n:
        raise InvalidInputError(f"successes must be between 0 and n = {n}, got {successes}; count them among the n")
    check_share("confidence", confidence, CONFIDENCE)
    if n == 0:
        return 0.0, 1.0
    z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    share = successes / n
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    # At 0 and n the formula gives exactly 0 and 1; rounding must not say otherwise.
    low = 0.0 if successes == 0 else max(centre - half, 0.0)
    high = 1.0 if successes == n else min(centre + half, 1.0)
    return low, high
