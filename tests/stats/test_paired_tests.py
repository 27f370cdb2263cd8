from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core.errors import InvalidInputError
from core.stats import pairs_for_significance, permutation_test, smallest_p, wilcoxon_test
from tests.stats.published import MAIZE, SLEEP_1, SLEEP_2, zeros

steps = st.lists(st.integers(-40, 40), min_size=1, max_size=9)  # accuracies differ by whole rows, so ties are common


def test_fishers_darwin_data() -> None:
    """Fisher (1935, § 21) counted 863 of 32,768 sums at least as large: 5.267 % in both directions."""
    result = permutation_test(zeros(MAIZE), MAIZE)
    assert result.p == 2 * 863 / 32768
    assert (result.n, result.differing, result.smallest_p) == (15, 15, 2 / 32768)


def test_wilcoxons_darwin_data() -> None:
    """The example of scipy.stats.wilcoxon: sum of ranks 24, p = 0.041259765625."""
    assert wilcoxon_test(zeros(MAIZE), MAIZE).p == 0.041259765625


def test_students_sleep_data() -> None:
    """One difference is 0 and the other nine are positive: only the pattern itself and its mirror reach it."""
    result = permutation_test(SLEEP_1, SLEEP_2)
    assert result.p == result.smallest_p == 2 / 2**9
    assert (result.n, result.differing) == (10, 9)
    assert wilcoxon_test(SLEEP_1, SLEEP_2).p == 2 / 2**9


@given(steps)
def test_the_permutation_test_counts_every_sign_pattern(changes: list[int]) -> None:
    result = permutation_test([0.0] * len(changes), [change / 1000 for change in changes])
    if not any(changes):
        assert result.p is None and "all" in str(result.note)
        return
    sums = [abs(sum(s * d for s, d in zip(signs, changes, strict=True))) for signs in signs_of(len(changes))]
    assert result.p == sum(total >= abs(sum(changes)) for total in sums) / len(sums)


@settings(max_examples=40)
@given(steps)
def test_wilcoxon_agrees_with_scipys_exact_permutation(changes: list[int]) -> None:
    changes = [change for change in changes if change]
    if len(changes) > 1:  # scipy asks for two
        ours = wilcoxon_test([0.5] * len(changes), [0.5 + change / 1000 for change in changes]).p
        exact = stats.PermutationMethod(n_resamples=10**6)
        assert ours == pytest.approx(stats.wilcoxon(changes, method=exact).pvalue)


@pytest.mark.parametrize("n", [12, 20])
def test_agrees_with_scipy_at_larger_n(n: int) -> None:
    changes = np.random.default_rng(n).normal(0.3, 1, n)
    ours = permutation_test(np.zeros(n), changes)
    if n <= 12:
        exact = stats.permutation_test((changes,), np.sum, permutation_type="samples", n_resamples=2**n)
        assert ours.p == pytest.approx(exact.pvalue)
    else:  # too many for scipy: compare with the t test, which is close
        assert ours.p == pytest.approx(stats.ttest_1samp(changes, 0).pvalue, abs=0.01)
    assert wilcoxon_test(np.zeros(n), changes).p == pytest.approx(stats.wilcoxon(changes, method="exact").pvalue)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=12))
def test_swapping_the_modes_keeps_p(pairs: list[tuple[float, float]]) -> None:
    a, b = zip(*pairs, strict=True)
    for test in (permutation_test, wilcoxon_test):
        one = test(a, b)
        assert one == test(b, a)
        assert one.p is None or one.smallest_p <= one.p <= 1


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=12), st.integers(0, 500))
def test_a_common_shift_changes_nothing(pairs: list[tuple[int, int]], shift: int) -> None:
    a, b = np.array(pairs).T
    for test in (permutation_test, wilcoxon_test):
        assert test(a / 1000, b / 1000) == test((a + shift) / 1000, (b + shift) / 1000)


def test_the_smallest_p_is_reached_and_needs_6_pairs() -> None:
    for n in range(1, 21):
        for test in (permutation_test, wilcoxon_test):
            assert test(np.zeros(n), np.arange(1, n + 1)).p == smallest_p(n) == 2 / 2**n
    assert smallest_p(0) is None
    assert smallest_p(5) == 0.0625 and smallest_p(10) == pytest.approx(0.002, abs=5e-5)  # as the reference has it
    assert [pairs_for_significance(alpha) for alpha in (0.05, 0.01, 0.001)] == [6, 8, 11]


def test_no_pairs_and_too_many_pairs() -> None:
    assert permutation_test([], []).note == "there are no pairs"
    for test in (permutation_test, wilcoxon_test):
        with pytest.raises(InvalidInputError, match="up to 20 pairs, got 21; give it fewer"):
            test(np.zeros(21), np.ones(21))
    with pytest.raises(InvalidInputError, match="n must be at least 0, got -1"):
        smallest_p(-1)


def signs_of(n: int) -> list[tuple[int, ...]]:
    return list(itertools.product((1, -1), repeat=n))
