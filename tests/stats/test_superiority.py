from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.nonparametric import rank_compare_2indep

from core.stats import superiority, unpaired_superiority, wilson_interval
from tests.stats.published import PAIN_N, PAIN_Y, SLEEP_1, SLEEP_2

scores = st.lists(st.integers(0, 20), min_size=2, max_size=15)


def test_students_sleep_data() -> None:
    result = superiority(SLEEP_1, SLEEP_2)
    assert (result.better, result.ties, result.worse, result.share) == (9, 1, 0, 0.95)
    assert (result.low, result.high) == wilson_interval(9.5, 10)


def test_brunner_and_munzels_pain_scores() -> None:
    """R: lawstat::brunner.munzel.test: P = 0.788961, interval 0.5952169 to 0.9827052."""
    result = unpaired_superiority(PAIN_Y, PAIN_N)
    assert result.share == pytest.approx(0.788961, abs=1e-6)
    assert (result.low, result.high) == pytest.approx((0.5952169, 0.9827052), abs=1e-7)


@given(scores, scores)
def test_unpaired_agrees_with_scipy_and_statsmodels(a: list[int], b: list[int]) -> None:
    result = unpaired_superiority(a, b)
    u = stats.mannwhitneyu(b, a, method="asymptotic").statistic if set(a) != set(b) or len(set(a)) > 1 else None
    if u is not None:
        assert result.share == pytest.approx(u / (len(a) * len(b)))
    if result.low is not None:
        low, high = rank_compare_2indep(b, a, use_t=True).conf_int()
        assert (result.low, result.high) == pytest.approx((max(low, 0), min(high, 1)), abs=1e-9)


@given(scores, scores)
def test_swapping_the_modes_mirrors_the_share(a: list[int], b: list[int]) -> None:
    n = min(len(a), len(b))
    for one, other in (
        (superiority(a[:n], b[:n]), superiority(b[:n], a[:n])),
        (unpaired_superiority(a, b), unpaired_superiority(b, a)),
    ):
        assert one.share == pytest.approx(1 - other.share)
        assert (one.better, one.ties, one.worse) == (other.worse, other.ties, other.better)
        if one.low is not None:
            assert one.low == pytest.approx(1 - other.high, abs=1e-9)
            assert 0 <= one.low <= one.share <= one.high <= 1


def test_all_ties_are_half() -> None:
    assert superiority([0.5] * 4, [0.5] * 4).share == unpaired_superiority([0.5] * 4, [0.5] * 4).share == 0.5
    assert superiority([0.1 + 0.2], [0.3]).ties == 1  # differ by rounding only
    assert unpaired_superiority([0.1 + 0.2], [0.3]).ties == 1


def test_what_cannot_be_computed_is_none() -> None:
    assert superiority([], []).note == "there are no pairs"
    assert unpaired_superiority([], [0.5]).note == "each mode needs runs, got 0 and 1"
    apart = unpaired_superiority(np.arange(5), np.arange(5) + 10)
    assert (apart.share, apart.low) == (1.0, None) and "do not overlap" in str(apart.note)
    assert unpaired_superiority([0.1], [0.0, 0.2]).low is None
