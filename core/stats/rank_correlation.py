"""Rank correlation: do two numbers rise together, and still so once a third is known? Trials come in groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInputError
from core.stats.intervals import t_half_width
from core.stats.paired_tests import permutation_test
from core.stats.samples import CONFIDENCE, Floats, Values, check_count, check_share, sample

RESAMPLES = 500  # enough for a standard error to 3 %
LEAST_GROUPS = 3  # for an interval: two groups tell next to nothing about the spread between groups
_LEAST_ROWS = 4  # a partial correlation of three rows is -1 or 1 whatever they are
_NOTHING_LEFT = 1e-9  # of a variance: the rest is rounding
_PERFECT = 1 - 1e-12
_USABLE = 0.5  # of the resamples must have a correlation: few groups may agree wholly


@dataclass(frozen=True, slots=True, kw_only=True)
class RankCorrelation:
    """A rank correlation in [-1, 1] over all rows; interval and p take whole groups as the unit of chance."""

    name: str
    n: int  # rows
    groups: int
    value: float | None
    low: float | None
    high: float | None
    confidence: float
    p: float | None  # two-sided, by groups; None for Kendall's tau
    seed: int
    note: str | None  # why a number is missing


def kendall_tau(
    x: Values,
    y: Values,
    groups: Sequence[int],
    *,
    seed: int,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
) -> RankCorrelation:
    """Return Kendall's tau-b (Kendall 1945) of x and y: (C - D) / √((pairs untied in x) (pairs untied in y)).

    C and D count the pairs of rows that x and y put in the same and in opposite order. `groups` names the group of
    each row. The interval is that of `partial_spearman`.

    >>> round(kendall_tau([1, 2, 3, 4], [1, 3, 2, 4], [0, 0, 1, 1], seed=0).value, 4)
    0.6667
    """
    name = "Kendall's tau-b"
    (first, second), member = _checked({"x": x, "y": y}, groups, confidence, resamples)
    counts = member.shape[1]
    together, in_x, in_y = (np.zeros((counts, counts)) for _ in range(3))
    for group in range(counts):
        rows = member[:, group] > 0
        order_x, order_y = (np.sign(one[rows, None] - one[None, :]) for one in (first, second))
        together[group] = (order_x * order_y).sum(axis=0) @ member
        in_x[group], in_y[group] = (np.abs(order).sum(axis=0) @ member for order in (order_x, order_y))

    def tau(times: Floats) -> Floats:
        def sums(table: Floats) -> Floats:
            return np.asarray(((times @ table) * times).sum(axis=1))

        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(sums(together) / np.sqrt(sums(in_x) * sums(in_y)))

    value = float(tau(np.ones((1, counts)))[0])
    if not math.isfinite(value):
        return _nothing(name, len(first), counts, confidence, seed, "all rows have the same value")
    low, high, note = _interval(value, tau(_draws(counts, seed, resamples)), counts, confidence)
    return RankCorrelation(
        name=name,
        n=len(first),
        groups=counts,
        value=value,
        low=low,
        high=high,
        confidence=confidence,
        p=None,
        seed=seed,
        note=note,
    )


def partial_spearman(
    x: Values,
    y: Values,
    given: Values,
    groups: Sequence[int],
    *,
    seed: int,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
) -> RankCorrelation:
    """Return how far x and y rise together among rows that are equal in `given`.

    Each of the three becomes mid-ranks (Spearman 1904); the ranks of x and of y are regressed on those of `given`,
    and the residuals correlated (Yule 1907): (r_xy - r_xz r_yz) / √((1 - r_xz²) (1 - r_yz²)). `groups` names the
    group of each row; rows of a group are not independent, so groups are what chance acts on:

    - interval: whole groups are drawn with replacement and ranked anew (cluster bootstrap), giving the standard error
      s of r, hence s / (1 - r²) of artanh r. tanh(artanh r ± t(G - 1) · √(G / (G - 1)) · s / (1 - r²)), since the
      plain percentiles of few groups are too narrow (Cameron, Gelbach and Miller 2008).
    - p: the sum of products of residuals is a sum over groups; all 2^G ways to turn the groups' signs say how often
      chance gives as much (the score bootstrap of Kline and Santos 2012, enumerated). Up to 20 groups.

    >>> rows = [1, 2, 3, 4, 5, 6]
    >>> found = partial_spearman([2, 1, 4, 3, 6, 5], [1, 2, 3, 4, 6, 5], rows, [0, 0, 1, 1, 2, 2], seed=0)
    >>> round(found.value, 4)
    0.5601
    """
    name = "partial Spearman correlation"
    columns, member = _checked({"x": x, "y": y, "given": given}, groups, confidence, resamples)
    n, counts = member.shape
    below = [_below(column, member) for column in columns]

    def residuals(times: Floats) -> tuple[Floats, Floats, Floats]:
        weights = times @ member.T
        ranks = [_centred(times @ counted.T, weights) for counted in below]
        return _residual(ranks[0], ranks[2], weights), _residual(ranks[1], ranks[2], weights), weights

    if n < _LEAST_ROWS:
        return _nothing(name, n, counts, confidence, seed, f"it needs at least {_LEAST_ROWS} rows, got {n}")
    first, second, weights = residuals(np.ones((1, counts)))
    value = float(_correlation(first, second, weights)[0])
    if not math.isfinite(value):
        why = "one of the two is the same in all rows, or the same as what is given"
        return _nothing(name, n, counts, confidence, seed, why)
    low, high, note = _interval(value, _correlation(*residuals(_draws(counts, seed, resamples))), counts, confidence)
    parts = (first * second)[0] @ member
    return RankCorrelation(
        name=name,
        n=n,
        groups=counts,
        value=value,
        low=low,
        high=high,
        confidence=confidence,
        p=permutation_test(np.zeros(counts), parts / n**2).p,
        seed=seed,
        note=note,
    )


def _checked(
    columns: dict[str, Values], groups: Sequence[int], confidence: float, resamples: int
) -> tuple[list[Floats], Floats]:
    """Return the columns (n,), and which row is in which group (n, groups)."""
    check_share("confidence", confidence, CONFIDENCE)
    check_count("resamples", resamples, 100)
    arrays = [np.round(sample(name, values), 12) for name, values in columns.items()]  # but for rounding: equal
    sizes = {len(one) for one in (*arrays, groups)}
    if len(sizes) != 1 or sizes == {0}:
        raise InvalidInputError(
            f"{', '.join(columns)} and groups must hold one value for each of at least 1 row, got "
            f"{', '.join(str(len(one)) for one in (*arrays, groups))}"
        )
    names = sorted(set(groups))
    return arrays, np.asarray([[float(group == name) for name in names] for group in groups])


def _below(values: Floats, member: Floats) -> Floats:
    """Return for each row how many rows of each group are below it, ties as one half: (n, groups)."""
    columns = []
    for group in member.T:
        there = np.sort(values[group > 0])
        columns.append((np.searchsorted(there, values, "left") + np.searchsorted(there, values, "right")) / 2)
    return np.stack(columns, axis=1)


def _draws(groups: int, seed: int, resamples: int) -> Floats:
    """Return how often each group is drawn (resamples, groups)."""
    drawn = np.random.default_rng(seed).multinomial(groups, np.full(groups, 1 / groups), size=resamples)
    return drawn.astype(np.float64)


def _centred(values: Floats, weights: Floats) -> Floats:
    return np.asarray(values - (weights * values).sum(axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True))


def _residual(values: Floats, given: Floats, weights: Floats) -> Floats:
    """Return what a line on `given` does not explain; all are centred."""
    spread = (weights * given**2).sum(axis=1, keepdims=True)
    slope = (weights * values * given).sum(axis=1, keepdims=True) / np.where(spread > 0, spread, 1.0)
    left = values - slope * given
    before, after = ((weights * one**2).sum(axis=1, keepdims=True) for one in (values, left))
    return np.where(after > _NOTHING_LEFT * before, left, 0.0)


def _correlation(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Return the correlation of centred values for each resample; nan where one of them has no spread."""
    products: list[NDArray[np.float64]] = [(weights * one).sum(axis=1) for one in (x * y, x**2, y**2)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(products[0] / np.sqrt(products[1] * products[2]))


def _interval(
    value: float, resampled: Floats, groups: int, confidence: float
) -> tuple[float, float, None] | tuple[None, None, str]:
    if groups < LEAST_GROUPS:
        return None, None, f"an interval needs at least {LEAST_GROUPS} groups, got {groups}"
    known = resampled[np.isfinite(resampled)]
    if known.size < _USABLE * resampled.size:
        return None, None, "in too many resamples nothing is left to correlate, so there is no interval"
    if abs(value) > _PERFECT:
        return None, None, "the order is perfectly kept or turned, so there is no interval"
    spread = float(known.std(ddof=1)) / (1 - value**2)  # artanh of each would be infinite where few groups agree wholly
    half = t_half_width(spread * math.sqrt(groups / (groups - 1)) * math.sqrt(groups), groups, confidence)
    middle = math.atanh(value)
    return math.tanh(middle - half), math.tanh(middle + half), None


def _nothing(name: str, n: int, groups: int, confidence: float, seed: int, note: str) -> RankCorrelation:
    return RankCorrelation(
        name=name,
        n=n,
        groups=groups,
        value=None,
        low=None,
        high=None,
        confidence=confidence,
        p=None,
        seed=seed,
        note=note,
    )
