from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.proportion import proportion_confint

import core.stats
from core.errors import InvalidInputError
from core.stats import cohen_kappa, wilson_interval

counts = st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(core.stats).failed == 0


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


labels = st.integers(2, 6).flatmap(
    lambda k: st.tuples(
        st.just(k), st.lists(st.tuples(st.integers(0, k - 1), st.integers(0, k - 1)), min_size=1, max_size=60)
    )
)


@given(labels)
def test_kappa_agrees_with_sklearn(case: tuple[int, list[tuple[int, int]]]) -> None:
    classes, pairs = case
    a, b = np.array(pairs).T
    ours = cohen_kappa(a, b, classes)
    if len(set(a) | set(b)) == 1:
        assert ours == 0  # undefined in the formula; agreement by necessity is no evidence
    else:
        assert ours == pytest.approx(cohen_kappa_score(a, b, labels=range(classes)), abs=1e-12)
    assert ours == cohen_kappa(b, a, classes)


def test_kappa_by_hand() -> None:
    assert cohen_kappa([0, 1, 2], [0, 1, 2], classes=3) == 1
    assert cohen_kappa([0, 1], [1, 0], classes=2) == -1
    # 3 of 4 agree, expected by chance (2·3 + 2·1) / 16 = 1/2
    assert cohen_kappa([0, 0, 1, 1], [0, 0, 1, 0], classes=2) == 0.5


def test_kappa_of_a_constant_predictor_is_0() -> None:
    assert cohen_kappa([2] * 50, [2] * 50, classes=3) == 0
    assert cohen_kappa([2] * 50, [1] * 50, classes=3) == 0
    assert cohen_kappa([2] * 50, [0, 1] * 25, classes=3) == 0


def test_kappa_of_no_rows_is_undefined() -> None:
    assert cohen_kappa([], [], classes=3) is None


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([0, 1], [0], "same rows"),
        ([0, 3], [0, 1], "must be 0 to 2"),
        ([0, -1], [0, 1], "must be 0 to 2"),
        ([0.5, 1.0], [0, 1], "whole numbers"),
        ([[0, 1]], [0, 1], "flat list"),
    ],
)
def test_kappa_refuses_what_are_not_labels(a: list, b: list, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        cohen_kappa(a, b, classes=3)
