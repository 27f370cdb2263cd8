from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.power import TTestIndPower, TTestPower

from core.errors import InvalidInputError
from core.stats import detectable_effect, power, runs_needed


@pytest.mark.parametrize("n", [2, 5, 6, 10, 15, 20, 60])
@pytest.mark.parametrize("d", [0.0, 0.1, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_agrees_with_statsmodels(n: int, d: float, alpha: float) -> None:
    expected = TTestPower().power(d, n, alpha)
    if not math.isnan(expected):
        assert power(n, d, alpha=alpha) == pytest.approx(expected, abs=1e-9)
    expected = TTestIndPower().power(d, n, alpha)
    if not math.isnan(expected):
        assert power(n, d, alpha=alpha, design="unpaired") == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("d", "percent"), [(0.5, 19), (0.8, 39), (1.0, 56), (1.5, 89)])
def test_unpaired_power_of_10_runs_is_that_of_the_reference(d: float, percent: int) -> None:
    assert 100 * power(10, d, design="unpaired") == pytest.approx(percent, abs=0.8)


def test_runs_needed_are_those_of_cohens_tables() -> None:
    """Cohen (1988, table 2.4.1): 64, 26 and 17 per group for d = 0.5, 0.8, 1.0; G*Power: 34 pairs for d_z = 0.5."""
    assert [runs_needed(d, design="unpaired") for d in (0.5, 0.8, 1.0)] == [64, 26, 17]
    assert runs_needed(0.5) == 34
    assert runs_needed(50.0) == 2
    assert runs_needed(0.0) is None and runs_needed(0.001) is None


@given(st.floats(0.15, 3), st.sampled_from([0.5, 0.8, 0.95]))
def test_runs_needed_are_the_fewest(d: float, wanted: float) -> None:
    n = runs_needed(d, wanted=wanted)
    assert n is not None and power(n, d) >= wanted
    assert n == 2 or power(n - 1, d) < wanted


@given(st.integers(2, 20), st.sampled_from([0.01, 0.05]), st.sampled_from([0.5, 0.8, 0.9]))
def test_the_detectable_effect_has_the_power_wanted(n: int, alpha: float, wanted: float) -> None:
    result = detectable_effect(n, sd=0.01, wanted=wanted, alpha=alpha)
    assert power(n, result.d, alpha=alpha) == pytest.approx(wanted, abs=1e-7)
    assert result.difference == pytest.approx(0.01 * result.d) and result.note is None


@pytest.mark.parametrize("n", [5, 6, 10, 20])
def test_the_detectable_effect_agrees_with_statsmodels(n: int) -> None:
    expected = TTestPower().solve_power(nobs=n, alpha=0.05, power=0.8)
    assert detectable_effect(n).d == pytest.approx(float(expected), rel=1e-5)


def test_before_any_run_and_without_spread_only_d_is_known() -> None:
    before = detectable_effect(10)
    assert (before.difference, before.sd) == (None, None) and "before the runs" in str(before.note)
    same = detectable_effect(10, sd=0.0)
    assert same.d == before.d and same.difference is None and "all differences are the same" in str(same.note)
    assert detectable_effect(1, sd=0.1).d is None


@given(st.integers(2, 10**5), st.floats(-100, 100), st.sampled_from([0.2, 0.05, 1e-4]))
def test_power_is_a_chance_and_does_not_depend_on_the_sign(n: int, d: float, alpha: float) -> None:
    assert alpha - 1e-9 <= power(n, d, alpha=alpha) <= 1
    assert power(n, d, alpha=alpha) == power(n, -d, alpha=alpha)


def test_nonsense_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="n must be at least 2, got 1; raise it"):
        power(1, 0.5)
    with pytest.raises(InvalidInputError, match="d must be a finite number, got nan"):
        power(5, float("nan"))
    with pytest.raises(InvalidInputError, match=r"wanted power must be between 0 and 1.*0\.8 is usual"):
        detectable_effect(5, wanted=1.0)
    with pytest.raises(InvalidInputError, match="sd must be 0 or more, got -1"):
        detectable_effect(5, sd=-1)
