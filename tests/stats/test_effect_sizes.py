from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.stats import hedges_g
from tests.stats.published import FILM_1, FILM_2


def test_lakens_films() -> None:
    """Lakens (2013): t(9) = 4.74, d_av = 1.13."""
    result = hedges_g(FILM_2, FILM_1)
    assert result.g / result.correction == pytest.approx(1.13, abs=0.005)
    assert result.name == "Hedges' g_av"


def test_the_limits_are_those_of_algina_and_keselman() -> None:
    """λ from the noncentral t distribution times √(2 (s1² + s2² - 2 r s1 s2) / (n (s1² + s2²)))."""
    result = hedges_g(FILM_2, FILM_1, 0.9)
    n, s1, s2 = 10, np.std(FILM_1, ddof=1), np.std(FILM_2, ddof=1)
    between = s1**2 + s2**2 - 2 * np.corrcoef(FILM_1, FILM_2)[0, 1] * s1 * s2
    t, factor = 1 / np.sqrt(between / n), np.sqrt(2 * between / (n * (s1**2 + s2**2)))
    assert stats.nct.cdf(t, n - 1, result.low / factor) == pytest.approx(0.95, abs=1e-6)
    assert stats.nct.cdf(t, n - 1, result.high / factor) == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize("freedom", [9, 18])
def test_the_correction_is_close_to_hedges_approximation(freedom: int) -> None:
    """J ≈ 1 - 3 / (4 m - 1) (Hedges 1981). Uncorrelated halves have 2 (n - 1) degrees of freedom, equal ones n - 1."""
    a = np.array([0.1, -0.1, 0.1, -0.1, 0.2, -0.2, 0.2, -0.2, 0.0, 0.0])
    b = a + 0.1 if freedom == 9 else np.array([0.1, 0.1, -0.1, -0.1, 0.2, 0.2, -0.2, -0.2, 0.0, 0.3])
    assert freedom == 9 or abs(np.corrcoef(a, b)[0, 1]) < 1e-9
    assert hedges_g(a, b).correction == pytest.approx(1 - 3 / (4 * freedom - 1), abs=5e-4)


pairs = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=20)


@given(pairs)
def test_swapping_the_modes_flips_the_sign(values: list[tuple[float, float]]) -> None:
    a, b = zip(*values, strict=True)
    one, other = hedges_g(a, b), hedges_g(b, a)
    if one.g is None:
        assert other.g is None
        return
    assert one.g == pytest.approx(-other.g)
    assert (one.low is None) == (one.note is not None)
    if one.low is not None:
        assert (one.low, one.high) == pytest.approx((-other.high, -other.low), rel=1e-5, abs=1e-6)
        assert one.low < one.high


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), min_size=3, max_size=12), st.integers(-500, 500))
def test_a_common_shift_and_the_unit_change_nothing(values: list[tuple[int, int]], shift: int) -> None:
    a, b = np.array(values).T
    one, moved, scaled = hedges_g(a, b), hedges_g(a + shift, b + shift), hedges_g(a / 100, b / 100)
    for other in (moved, scaled):
        assert (other.g is None) == (one.g is None)
        if one.g is not None:
            assert other.g == pytest.approx(one.g, abs=1e-9)


def test_what_cannot_be_computed_is_none() -> None:
    assert hedges_g([0.1, 0.2], [0.3, 0.5]).note == "Hedges' g needs at least 3 pairs, got 2"
    assert "no spread" in str(hedges_g([0.5] * 4, [0.6] * 4).note)
    shifted = hedges_g([0.1, 0.2, 0.3], [0.2, 0.3, 0.4])
    assert shifted.g is not None and shifted.low is None and "no interval" in str(shifted.note)


def test_nearly_unbiased_whatever_the_correlation() -> None:
    rng = np.random.default_rng(5)
    for correlation in (0.0, 0.6, 0.95):
        a = rng.standard_normal((2000, 10))
        b = correlation * a + np.sqrt(1 - correlation**2) * rng.standard_normal(a.shape) + 0.8
        found = [hedges_g(*halves) for halves in zip(a, b, strict=True)]
        assert np.mean([one.g for one in found]) == pytest.approx(0.8, abs=0.025)
        assert np.mean([one.low < 0.8 < one.high for one in found]) == pytest.approx(0.955, abs=0.015)
