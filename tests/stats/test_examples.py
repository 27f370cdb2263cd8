from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as reference

from core.errors import InvalidInputError
from core.stats import bootstrap_difference, detectable_accuracy, mcnemar

flags = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=200)


def rows(both: int, only_a: int, only_b: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    counts = (both, only_a, only_b, neither)
    return np.repeat([True, True, False, False], counts), np.repeat([True, False, True, False], counts)


def test_raschkas_two_models() -> None:
    """Raschka (2018, arXiv 1811.12808, figure 17 A): 9959 both right, 11 and 1 discordant, 29 both wrong: p ≈ 0.006."""
    result = mcnemar(*rows(9959, 11, 1, 29))
    assert (result.n, result.only_a, result.only_b) == (10000, 11, 1)
    assert result.p == pytest.approx(2 * (1 + 12) / 2**12)
    assert result.difference == pytest.approx(-0.001)


@given(flags)
def test_mcnemar_agrees_with_statsmodels_and_swaps(values: list[tuple[bool, bool]]) -> None:
    a, b = np.array(values).T
    one, other = mcnemar(a, b), mcnemar(b, a)
    assert (one.only_a, one.only_b, one.p) == (other.only_b, other.only_a, other.p)
    assert one.difference == -other.difference == pytest.approx(b.mean() - a.mean())
    if one.p is None:
        assert one.only_a == one.only_b == 0
    else:
        assert one.p == pytest.approx(reference([[0, one.only_a], [one.only_b, 0]], exact=True).pvalue)


def test_models_that_are_right_on_the_same_rows_have_no_p() -> None:
    assert mcnemar([1, 0, 1], [1, 0, 1]).note == "both models are right on the same rows, so there is nothing to test"
    assert mcnemar([], []).note == "there are no rows"


def test_scores_are_not_right_or_wrong() -> None:
    with pytest.raises(InvalidInputError, match=r"right_b must hold 1 for right and 0 for wrong, got 0\.5"):
        mcnemar([1, 0], [0.5, 1])


@pytest.mark.parametrize(
    ("n", "discordance", "points"), [(7000, 0.01, 0.26), (6000, 0.25, 1.3), (5000, 0.10, 0.92), (1123, 0.15, 2.5)]
)
def test_the_smallest_significant_difference_is_that_of_the_reference(
    n: int, discordance: float, points: float
) -> None:
    result = detectable_accuracy(n, discordance)
    assert 100 * result.significant == pytest.approx(points, rel=0.02)
    assert result.detectable > result.significant


@given(st.integers(1, 5000), st.floats(0, 1))
def test_the_smallest_significant_difference_is_significant_and_the_next_is_not(n: int, discordance: float) -> None:
    result = detectable_accuracy(n, discordance)
    m = result.discordant
    if result.significant is None:
        assert m < 6 and result.note is not None
        return
    fewer = (m - round(result.significant * n)) // 2
    assert mcnemar(*rows(0, m - fewer, fewer, n - m)).p < 0.05
    if m - 2 * (fewer + 1) >= 0:
        assert mcnemar(*rows(0, m - fewer - 1, fewer + 1, n - m)).p >= 0.05
    assert result.detectable <= m / n + 1e-12


def test_the_detectable_difference_is_found_4_times_in_5() -> None:
    result = detectable_accuracy(2000, 0.1)
    share = (result.detectable * 2000 / result.discordant + 1) / 2
    only_b = np.random.default_rng(1).binomial(result.discordant, share, 20_000)
    found = only_b - (result.discordant - only_b) >= round(result.significant * 2000)
    assert found.mean() == pytest.approx(0.8, abs=0.01)


def test_nonsense_discordance_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"discordance must be between 0 and 1, got 25; it is a share"):
        detectable_accuracy(100, 25)


@pytest.mark.parametrize("kind", ["right or wrong", "losses"])
def test_the_bootstrap_agrees_with_scipys(kind: str) -> None:
    rng = np.random.default_rng(3)
    if kind == "losses":
        a = rng.exponential(0.3, 400)
        b = a * rng.uniform(0.5, 1.4, 400)
    else:
        a, b = rows(300, 30, 50, 20)
    ours = bootstrap_difference(a, b, seed=1)
    changes = b.astype(float) - a.astype(float)
    theirs = stats.bootstrap((changes,), np.mean, n_resamples=10_000, method="percentile", rng=1).confidence_interval
    width = ours.high - ours.low
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.04 * width)
    assert ours.difference == pytest.approx(changes.mean())


def test_the_bootstrap_repeats_with_its_seed() -> None:
    a, b = rows(300, 30, 50, 20)
    assert bootstrap_difference(a, b, seed=1) == bootstrap_difference(a, b, seed=1)
    losses = np.random.default_rng(0).random((2, 500))
    assert bootstrap_difference(*losses, seed=1).low != bootstrap_difference(*losses, seed=2).low


def test_the_bootstrap_covers_the_true_difference() -> None:
    rng, hits = np.random.default_rng(7), 0
    for study in range(1000):
        a, b = rows(*rng.multinomial(1000, [0.8, 0.04, 0.06, 0.1]))
        found = bootstrap_difference(a, b, seed=study, resamples=500)
        hits += found.low <= 0.02 <= found.high
    assert 0.93 <= hits / 1000 <= 0.97


def test_the_bootstrap_refuses_or_explains() -> None:
    assert bootstrap_difference([1, 0], [1, 0], seed=0).note is not None
    assert bootstrap_difference([], [], seed=0).difference is None
    with pytest.raises(InvalidInputError, match="resamples must be at least 100, got 10"):
        bootstrap_difference([1, 0], [0, 1], seed=0, resamples=10)
