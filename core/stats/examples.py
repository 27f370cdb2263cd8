"""Examples: two models on the same rows. Says which model is better, not which way of searching for one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInputError
from core.stats.power import POWER
from core.stats.samples import (
    ALPHA,
    CONFIDENCE,
    Floats,
    Values,
    check_count,
    check_share,
    differences,
    has_spread,
    pairs,
)

RESAMPLES = 10_000
CHUNK = 2_000_000  # numbers held at once
FEW_VALUES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class McNemar:
    """Rows on which exactly one of two models is right, and the exact two-sided p value."""

    n: int
    only_a: int  # b in McNemar's table: a right, b wrong
    only_b: int  # c in McNemar's table
    difference: float | None  # accuracy of b minus accuracy of a; None: there are no rows
    p: float | None
    note: str | None  # why there is no p


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectableAccuracy:
    """Accuracy differences between two models that n rows can show, as shares of the rows."""

    n: int
    discordant: int  # rows on which exactly one model is right
    significant: (
        float | None
    )  # the smallest observed difference with p < alpha; a true one this large is seen half the time
    detectable: float | None  # the smallest true difference found with the given power
    power: float
    alpha: float
    note: str | None  # why a number is missing


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapInterval:
    """The mean difference b - a over the same rows, with a percentile interval."""

    n: int
    difference: float | None
    low: float | None
    high: float | None
    confidence: float
    resamples: int
    seed: int
    note: str | None  # why there is no interval


def mcnemar(right_a: Values, right_b: Values) -> McNemar:
    """Compare the accuracy of two models on the same rows: the exact test of McNemar (1947; Dietterich 1998).

    p = min(1, 2 P(X ≤ min(b, c))) with X binomial (b + c, 1/2); rows on which both are right or both wrong say
    nothing. `right_a` and `right_b` are 1 where the model is right, else 0.

    >>> mcnemar([1, 1, 1, 1, 1, 1, 0, 1], [0, 0, 0, 0, 0, 0, 0, 1]).p
    0.03125
    """
    a, b = (_flags(name, values) for name, values in zip(("right_a", "right_b"), pairs(right_a, right_b), strict=True))
    n, only_a, only_b = int(a.size), int(np.count_nonzero(a > b)), int(np.count_nonzero(b > a))
    note = None
    if not only_a + only_b:
        note = "both models are right on the same rows, so there is nothing to test" if n else "there are no rows"
    return McNemar(
        n=n,
        only_a=only_a,
        only_b=only_b,
        difference=(only_b - only_a) / n if n else None,
        p=None if note else _sign_p(min(only_a, only_b), only_a + only_b),
        note=note,
    )


def detectable_accuracy(
    n: int, discordance: float, *, wanted: float = POWER, alpha: float = ALPHA
) -> DetectableAccuracy:
    """Return which accuracy differences McNemar's exact test can show on n rows.

    With m = round(n · discordance) rows on which exactly one model is right and k the largest count with
    2 P(X ≤ k) < alpha, X binomial (m, 1/2): significant = (m - 2k)/n. The detectable difference is (2q - 1) m/n for
    the q at which P(Y ≥ m - k) = wanted, Y binomial (m, q). CIFAR-10's usual discordance is about 0.25, MNIST's 0.01.

    >>> result = detectable_accuracy(6000, 0.25)
    >>> round(result.significant, 4), round(result.detectable, 4)
    (0.013, 0.0183)
    """
    check_count("n", n, 1)
    check_share("wanted power", wanted, POWER)
    check_share("alpha", alpha, ALPHA)
    if not 0 <= discordance <= 1:
        raise InvalidInputError(f"discordance must be between 0 and 1, got {discordance}; it is a share of the rows")
    from scipy.special import bdtr, betaincinv

    m = round(n * discordance)
    allowed = np.flatnonzero(2 * bdtr(np.arange(m // 2 + 1), m, 0.5) < alpha) if m else np.zeros(0, dtype=np.int64)
    if not allowed.size:
        note = f"{m} rows on which exactly one model is right are too few for any p below {alpha:g}"
        significant = detectable = None
    else:
        k = int(allowed[-1])
        note, significant = None, (m - 2 * k) / n
        # P(Y ≥ m - k) is the regularised incomplete beta function of q.
        detectable = max(2 * float(betaincinv(m - k, k + 1, wanted)) - 1, 0.0) * m / n
    return DetectableAccuracy(
        n=n, discordant=m, significant=significant, detectable=detectable, power=wanted, alpha=alpha, note=note
    )


def bootstrap_difference(
    a: Values, b: Values, *, seed: int, confidence: float = CONFIDENCE, resamples: int = RESAMPLES
) -> BootstrapInterval:
    """Return the mean of b - a over the same rows with its paired percentile bootstrap interval (Efron 1979).

    `a` and `b` hold one number per row: right (1) or wrong (0), or a loss. For thousands of rows; for a handful of
    runs the t interval covers better.

    >>> right_a, right_b = [1] * 80 + [0] * 20, [1] * 75 + [0] * 5 + [1] * 15 + [0] * 5
    >>> result = bootstrap_difference(right_a, right_b, seed=0)
    >>> result.difference, result.low, result.high
    (0.1, 0.01, 0.19)
    """
    check_share("confidence", confidence, CONFIDENCE)
    check_count("resamples", resamples, 100)
    changes = differences(a, b)
    n = int(changes.size)
    note, low, high = None, None, None
    if n < 2:
        note = f"an interval needs at least 2 rows, got {n}"
    elif not has_spread(changes):
        note = "all rows have the same difference, so there is nothing to resample"
    else:
        means = _resampled_means(changes, resamples, np.random.default_rng(seed))
        low, high = (float(limit) for limit in np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2]))
    return BootstrapInterval(
        n=n,
        difference=float(changes.mean()) if n else None,
        low=low,
        high=high,
        confidence=confidence,
        resamples=resamples,
        seed=seed,
        note=note,
    )


def _resampled_means(changes: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    """Return the means of resampled rows.

    Where few values occur, as with right and wrong, it is enough to draw how often each one does: the same
    distribution, 300 times faster.
    """
    n = changes.size
    values, counts = np.unique(changes, return_counts=True)
    if values.size <= FEW_VALUES:
        return np.asarray(rng.multinomial(n, counts / n, size=resamples) @ values / n, dtype=np.float64)
    step = max(CHUNK // n, 1)
    sizes = [min(step, resamples - start) for start in range(0, resamples, step)]
    return np.concatenate([changes[rng.integers(n, size=(size, n))].mean(axis=1) for size in sizes])


def _flags(name: str, values: Floats) -> Floats:
    if not np.isin(values, (0, 1)).all():
        raise InvalidInputError(
            f"{name} must hold 1 for right and 0 for wrong, got {values[~np.isin(values, (0, 1))][0]}"
        )
    return values


def _sign_p(fewer: int, total: int) -> float:
    from scipy.special import bdtr

    return min(2 * float(bdtr(fewer, total, 0.5)), 1.0)
