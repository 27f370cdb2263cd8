"""Rank correlations against scipy, against ordinary least squares on ranks, by hand, and by simulation."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from numpy.random import Generator
from numpy.typing import NDArray

from core.errors import InvalidInputError
from core.stats import kendall_tau, partial_spearman

Floats = NDArray[np.float64]
World = tuple[Floats, Floats, Floats, list[int]]


def world(rng: Generator, groups: int, rows: int, effect: float, apart: float = 0.0) -> World:
    """x and y both follow `given`; beyond it y follows x by `effect`, and groups differ by chance."""
    given = rng.standard_normal((groups, rows))
    x = given + rng.standard_normal((groups, rows)) + apart * rng.standard_normal((groups, 1))
    y = given + effect * x + rng.standard_normal((groups, rows)) + apart * rng.standard_normal((groups, 1))
    return x.ravel(), y.ravel(), given.ravel(), np.repeat(np.arange(groups), rows).tolist()


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_correlation_of_what_least_squares_leaves_of_the_ranks(seed: int) -> None:
    import statsmodels.api as sm
    from scipy.stats import rankdata

    x, y, given, groups = world(np.random.default_rng(seed), 6, 9, 0.4)
    x, given = np.round(x), np.round(given, 1)  # with ties
    found = partial_spearman(x, y, given, groups, seed=0)
    line = sm.add_constant(rankdata(given))
    left = [sm.OLS(rankdata(one), line).fit().resid for one in (x, y)]
    assert found.value == pytest.approx(np.corrcoef(*left)[0, 1], abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_plain_tau_is_that_of_scipy(seed: int) -> None:
    from scipy.stats import kendalltau

    x, y, _, groups = world(np.random.default_rng(seed), 5, 8, 0.4)
    x = np.round(x)
    assert kendall_tau(x, y, groups, seed=0).value == pytest.approx(kendalltau(x, y).statistic, abs=1e-12)


def test_by_hand() -> None:
    """Ranks (1 2 3 4), (2 1 4 3) and (1 3 2 4): r_xy = 0.6, r_xz = 0.8, r_yz = 0, so 0.6 / √(1 - 0.64) = 1."""
    found = partial_spearman([10, 20, 30, 40], [2, 1, 4, 3], [0.1, 0.3, 0.2, 0.4], [0, 0, 1, 1], seed=0)
    assert found.value == pytest.approx(1.0)
    # C = 5 of 6 pairs in order, D = 1.
    assert kendall_tau([1, 2, 3, 4], [1, 3, 2, 4], [0, 0, 1, 1], seed=0).value == pytest.approx(4 / 6)


def test_only_the_order_counts_and_what_rounding_parts_is_equal() -> None:
    x, y, given, groups = world(np.random.default_rng(0), 4, 6, 0.4)
    found = partial_spearman(x, y, given, groups, seed=3)
    assert partial_spearman(np.exp(x), 5 * y - 2, given**3, groups, seed=3) == found
    assert partial_spearman(-x, y, given, groups, seed=3).value == pytest.approx(-(found.value or 0))
    exact, rounded = [0.3, 0.3, 0.1, 0.2, 0.5, 0.4], [0.3, 0.1 + 0.2, 0.1, 0.2, 0.5, 0.4]
    args = y[:6], given[:6], [0, 0, 1, 1, 2, 2]
    assert partial_spearman(rounded, *args, seed=0) == partial_spearman(exact, *args, seed=0)


def test_given_that_never_differs_leaves_the_plain_rank_correlation() -> None:
    from scipy.stats import spearmanr

    x, y, given, groups = world(np.random.default_rng(1), 4, 6, 0.4)
    found = partial_spearman(x, y, np.zeros_like(given), groups, seed=0)
    assert found.value == pytest.approx(spearmanr(x, y).statistic)


def test_resampling_is_that_of_whole_groups() -> None:
    """The quick counts must give what drawing the rows of the groups and ranking them anew gives."""
    from scipy.stats import kendalltau, rankdata

    from core.stats.intervals import t_half_width
    from core.stats.rank_correlation import _draws

    x, y, given, groups = world(np.random.default_rng(2), 6, 5, 0.5)
    member, values = np.asarray(groups), {"partial": [], "tau": []}
    for times in _draws(6, 4, 100).astype(int):
        rows = np.concatenate([np.tile(np.flatnonzero(member == group), count) for group, count in enumerate(times)])
        r = np.corrcoef([rankdata(one[rows]) for one in (x, y, given)])
        values["partial"].append((r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2)))
        values["tau"].append(kendalltau(x[rows], y[rows]).statistic)
    found = {
        "partial": partial_spearman(x, y, given, groups, seed=4, resamples=100),
        "tau": kendall_tau(x, y, groups, seed=4, resamples=100),
    }
    for name, one in found.items():
        half = t_half_width(
            float(np.std(values[name], ddof=1)) / (1 - one.value**2) * np.sqrt(6 / 5) * np.sqrt(6), 6, 0.95
        )
        middle = np.arctanh(one.value)
        assert (one.low, one.high) == pytest.approx((np.tanh(middle - half), np.tanh(middle + half))), name


@pytest.mark.parametrize(("groups", "rows", "effect", "apart"), [(10, 10, 0.0, 0.4), (6, 8, 0.5, 0.0)])
def test_intervals_cover_and_a_null_is_seldom_rejected(groups: int, rows: int, effect: float, apart: float) -> None:
    """80 studies: 95 % covers at least 70 of them in all but 1 of 500 such tests, and p below 0.05 in at most 10."""
    truth = partial_spearman(*world(np.random.default_rng(0), 1500, 4, effect, apart)[:3], [0] * 6000, seed=0).value
    assert truth is not None and (abs(truth) < 0.04) == (effect == 0)
    studies = [world(np.random.default_rng(seed), groups, rows, effect, apart) for seed in range(80)]
    found = [partial_spearman(*one, seed=seed, resamples=200) for seed, one in enumerate(studies)]
    covered = sum(one.low is not None and one.high is not None and one.low <= truth <= one.high for one in found)
    assert covered >= 70
    rejected = sum(one.p is not None and one.p < 0.05 for one in found)
    assert rejected <= 10 if effect == 0 else rejected > 10
    values = [one.value for one in found if one.value is not None]
    assert abs(np.mean(values) - truth) < 0.05


def test_rows_that_only_repeat_within_groups_add_no_certainty() -> None:
    x, y, given, groups = world(np.random.default_rng(3), 8, 1, 0.3)
    once = partial_spearman(x, y, given, groups, seed=0)
    often = partial_spearman(*(np.repeat(one, 20) for one in (x, y, given)), np.repeat(groups, 20).tolist(), seed=0)
    assert (often.value, often.low, often.high, often.p) == pytest.approx((once.value, once.low, once.high, once.p))


def test_what_cannot_be_computed_is_none_with_a_reason() -> None:
    rows, groups = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0, 0, 1, 1, 2, 2]
    turned = rows[::-1]
    cases = {
        "same in all rows": partial_spearman([1.0] * 6, rows, turned, groups, seed=0),
        "same as what is given": partial_spearman(rows, [2, 1, 4, 3, 6, 5], turned, groups, seed=0),
        "at least 4 rows": partial_spearman(rows[:3], turned[:3], rows[:3], groups[:3], seed=0),
        "all rows have the same value": kendall_tau([1.0] * 6, rows, groups, seed=0),
    }
    for why, found in cases.items():
        assert (found.value, found.low, found.high, found.p) == (None, None, None, None)
        assert found.note is not None and why in found.note
    perfect = kendall_tau(rows, rows, groups, seed=0)
    two = kendall_tau(rows, [2, 1, 4, 3, 6, 5], [0] * 3 + [1] * 3, seed=0)
    assert perfect.value == 1 and perfect.low is None and "perfectly" in (perfect.note or "")
    assert two.value is not None and two.low is None and "at least 3 groups, got 2" in (two.note or "")
    for one in (*cases.values(), perfect, two):
        json.dumps(asdict(one), allow_nan=False)
    with pytest.raises(InvalidInputError, match="one value for each"):
        kendall_tau(rows, rows[:5], groups, seed=0)
    with pytest.raises(InvalidInputError, match="finite"):
        partial_spearman([float("nan"), *rows[1:]], rows, turned, groups, seed=0)
