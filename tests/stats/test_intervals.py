from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.stats import mean_interval, paired_interval
from tests.stats.published import SLEEP_1, SLEEP_2

samples = st.lists(st.floats(0, 1), min_size=3, max_size=20).filter(lambda values: np.ptp(values) > 1e-6)


def test_students_sleep_data() -> None:
    """R: t.test(sleep$extra[11:20], sleep$extra[1:10], paired = TRUE)."""
    result = paired_interval(SLEEP_1, SLEEP_2)
    assert result.mean == pytest.approx(1.58)
    assert (result.low, result.high) == pytest.approx((0.7001142, 2.4598858), abs=1e-7)
    assert (result.n, result.confidence, result.note) == (10, 0.95, None)


@given(samples, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_agrees_with_scipy(values: list[float], confidence: float) -> None:
    result = mean_interval(values, confidence)
    n, mean, sd = len(values), np.mean(values), np.std(values, ddof=1)
    expected = stats.t.interval(confidence, n - 1, loc=mean, scale=sd / np.sqrt(n))
    assert (result.low, result.high) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert (result.mean, result.sd) == pytest.approx((mean, sd))


@given(samples, samples, st.floats(-1, 1))
def test_swapping_the_modes_flips_the_sign_and_a_common_shift_changes_nothing(
    a: list[float], b: list[float], shift: float
) -> None:
    n = min(len(a), len(b))
    a, b = a[:n], b[:n]
    one, other = paired_interval(a, b), paired_interval(b, a)
    assert one.mean == -other.mean and one.sd == other.sd
    moved = paired_interval([x + shift for x in a], [x + shift for x in b])
    assert moved.mean == pytest.approx(one.mean, abs=1e-12)
    if one.low is not None and moved.low is not None:
        assert (one.low, one.high) == (-other.high, -other.low)
        assert (moved.low, moved.high) == pytest.approx((one.low, one.high), abs=1e-9)


def test_too_few_values_have_no_interval() -> None:
    assert (mean_interval([]).n, mean_interval([]).mean) == (0, None)
    one = mean_interval([0.9])
    assert (one.mean, one.sd, one.low, one.note) == (0.9, None, None, "an interval needs at least 2 values, got 1")


def test_equal_values_have_no_interval_even_after_rounding() -> None:
    same = paired_interval([0.1, 0.2, 0.3], [0.3, 0.4, 0.5])  # 0.2 each, but not as floats
    assert (same.sd, same.low, same.high) == (0, None, None)
    assert same.mean == pytest.approx(0.2)
    assert same.note == "all 3 differences are the same, so they do not tell how far the mean may be off"
