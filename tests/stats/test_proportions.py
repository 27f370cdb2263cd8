from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from core.errors import InvalidInputError
from core.stats import wilson_interval

counts = st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99, 0.999]))
def test_wilson_agrees_with_statsmodels(count: tuple[int, int], confidence: float) -> None:
    successes, n = count
    expected = proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
    assert wilson_interval(successes, n, confidence) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(counts)
def test_wilson_holds_the_proportion_and_stays_in_range(count: tuple[int, int]) -> None:
    successes, n = count
    low, high = wilson_interval(successes, n)
    assert 0 <= low <= successes / n <= high <= 1
    assert low < high


def test_wilson_at_the_ends_is_exact() -> None:
    assert wilson_interval(0, 7)[0] == 0
    assert wilson_interval(7, 7)[1] == 1
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "n", "confidence"), [(-1, 5, 0.95), (6, 5, 0.95), (1, 5, 0.0), (1, 5, 1.0)])
def test_wilson_refuses_nonsense(successes: int, n: int, confidence: float) -> None:
    with pytest.raises(InvalidInputError):
        wilson_interval(successes, n, confidence)


def test_a_tie_may_count_as_half_a_success() -> None:
    assert wilson_interval(2.5, 5) == pytest.approx(proportion_confint(2.5, 5, method="wilson"), rel=1e-9)
