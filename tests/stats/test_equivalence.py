from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.weightstats import ttost_paired

from core.errors import InvalidInputError
from core.stats import SESOI, tost
from tests.stats.published import SLEEP_1, SLEEP_2

pairs = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), min_size=3, max_size=20)


@given(pairs, st.sampled_from([0.005, 0.02, 0.1]))
def test_agrees_with_statsmodels(values: list[tuple[int, int]], sesoi: float) -> None:
    a, b = np.array(values).T / 1000
    result = tost(a, b, sesoi=sesoi)
    if result.p is None:
        assert result.note is not None and not result.equivalent
    else:
        assert result.p == pytest.approx(ttost_paired(b, a, -sesoi, sesoi)[0], rel=1e-9, abs=1e-12)
        assert result.equivalent == (-sesoi < result.low and result.high < sesoi)


@given(pairs)
def test_swapping_the_modes_keeps_p_and_mirrors_the_interval(values: list[tuple[int, int]]) -> None:
    a, b = np.array(values).T / 1000
    one, other = tost(a, b), tost(b, a)
    if one.p is not None:
        assert one.p == pytest.approx(other.p)
        assert (one.low, one.high) == (-other.high, -other.low)


def test_students_sleep_data_by_hand() -> None:
    """d = 1.58, se = 1.58 / 4.0621 (t = 4.0621 in R): 90 % interval 1.58 ± 1.8331 se; 3 hours are ruled out."""
    result = tost(SLEEP_1, SLEEP_2, sesoi=3.0)
    se = 1.58 / 4.0621277
    assert (result.low, result.high) == pytest.approx((1.58 - 1.8331129 * se, 1.58 + 1.8331129 * se), abs=1e-6)
    assert result.equivalent and not tost(SLEEP_1, SLEEP_2, sesoi=2.0).equivalent


def test_the_default_is_half_a_point() -> None:
    assert tost([0.9, 0.91, 0.92], [0.9, 0.911, 0.919]).sesoi == SESOI == 0.005


def test_without_spread_there_is_no_verdict() -> None:
    result = tost([0.9] * 5, [0.9] * 5)
    assert (result.p, result.equivalent, result.difference) == (None, False, 0.0)
    assert "all 5 differences are the same" in str(result.note)


@pytest.mark.parametrize("sesoi", [0.0, -0.01, float("inf"), float("nan")])
def test_nonsense_bounds_are_refused(sesoi: float) -> None:
    with pytest.raises(InvalidInputError, match=r"sesoi must be above 0, got .*; give the smallest difference"):
        tost([0.9, 0.8], [0.9, 0.8], sesoi=sesoi)
    with pytest.raises(InvalidInputError, match=r"alpha must be between 0 and 0\.5"):
        tost([0.9, 0.8], [0.9, 0.8], alpha=0.5)
