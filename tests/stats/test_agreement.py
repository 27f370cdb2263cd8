from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from core.errors import InvalidInputError
from core.stats import cohen_kappa

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
