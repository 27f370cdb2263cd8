from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from core.errors import InvalidInputError
from core.stats import holm

families = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def test_by_hand() -> None:
    """4 · 0.005, 3 · 0.01, 2 · 0.03; the last, 0.04, may not be smaller than the one before."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([]) == ()


@settings(max_examples=8)  # statsmodels collects garbage at each call: 0.1 s
@given(families)
def test_agrees_with_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


@given(families)
def test_keeps_the_order_and_never_makes_a_p_smaller(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    for p, after in zip(p_values, adjusted, strict=True):
        assert p <= after <= 1
    ordered = [after for _, after in sorted(zip(p_values, adjusted, strict=True))]
    assert ordered == sorted(ordered)


@given(families, st.integers(0, 7), st.floats(0, 1))
def test_a_smaller_p_makes_no_other_larger(p_values: list[float], place: int, factor: float) -> None:
    place %= len(p_values)
    smaller = [p * factor if i == place else p for i, p in enumerate(p_values)]
    assert all(after <= before + 1e-12 for after, before in zip(holm(smaller), holm(p_values), strict=True))


@given(families)
def test_a_test_that_could_not_be_done_counts_as_if_its_p_were_1(p_values: list[float]) -> None:
    assert holm([*p_values, None]) == (*holm([*p_values, 1.0])[:-1], None)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_nonsense_is_refused(p: float) -> None:
    with pytest.raises(InvalidInputError, match=r"p value must be between 0 and 1, got .* at place 1"):
        holm([0.5, p])
