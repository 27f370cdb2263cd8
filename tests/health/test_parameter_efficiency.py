from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.health.parameter_efficiency import parameter_efficiency, smallness
from core.trial import ParameterCount

from .traces import make_trace


def value(total: int, correct: int = 900, smallest: int | None = 100, largest: int | None = 10_000) -> float | None:
    count = ParameterCount(total=total, trainable=total, embedding=0, smallest=smallest, largest=largest)
    return parameter_efficiency(make_trace(parameters=count, val_correct=correct)).value


def test_exact_value() -> None:
    # skill (0.9 - 0.1) / 0.9 = 8/9; 1000 is half-way from 100 to 10 000 on a log scale
    assert value(1_000) == pytest.approx(8 / 9 / 2)
    assert value(100) == pytest.approx(8 / 9)
    assert value(10_000) == 0


@pytest.mark.parametrize("correct", [0, 50, 100])
def test_a_tiny_net_at_or_below_chance_is_0_and_never_negative(correct: int) -> None:
    assert value(100, correct=correct) == 0


def test_sizes_outside_the_search_space_are_clipped() -> None:
    assert value(10) == value(100)
    assert value(10**9) == 0


def test_all_parameters_count_whether_they_are_trained_or_not() -> None:
    frozen = ParameterCount(total=1_000, trainable=10, embedding=800, smallest=100, largest=10_000)
    result = parameter_efficiency(make_trace(parameters=frozen))
    assert result.value == value(1_000)
    assert result.components == {
        "total": 1000.0,
        "embedding": 800.0,
        "skill": pytest.approx(8 / 9),
        "size": pytest.approx(0.5),
    }


@pytest.mark.parametrize(("smallest", "largest"), [(None, None), (100, None), (None, 10_000)])
def test_without_bounds_it_is_not_measured(smallest: int | None, largest: int | None) -> None:
    count = ParameterCount(total=1_000, trainable=1_000, embedding=0, smallest=smallest, largest=largest)
    result = parameter_efficiency(make_trace(parameters=count))
    assert (result.value, result.status) == (None, "not measurable")
    assert "no search space bounds" in (result.reason or "")
    assert result.components["skill"] == pytest.approx(8 / 9)
    assert result.components["size"] is None


@pytest.mark.parametrize(("smallest", "largest"), [(0, 10), (-5, 10), (20, 10)])
def test_bounds_that_are_none_are_not_measured(smallest: int, largest: int) -> None:
    assert value(10, smallest=smallest, largest=largest) is None


def test_one_size_only_leaves_the_skill() -> None:
    assert value(100, smallest=100, largest=100) == pytest.approx(8 / 9)


def test_a_single_class_has_no_skill_to_measure() -> None:
    assert parameter_efficiency(make_trace(majority_rate=1.0)).value is None


def test_skill_counts_from_the_majority_rate_not_from_one_over_classes() -> None:
    assert parameter_efficiency(make_trace(majority_rate=0.9)).value == 0
    assert parameter_efficiency(make_trace(majority_rate=0.8)).value == pytest.approx(0.5 / 2)


@given(st.integers(100, 9_999), st.integers(0, 1000))
def test_fewer_parameters_are_better_at_the_same_skill(total: int, correct: int) -> None:
    small, large = value(total, correct=correct), value(total + 1, correct=correct)
    assert small is not None and large is not None
    assert small > large if correct > 100 else small == large == 0


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(0, 10**9))
def test_smallness_stays_in_range(total: int, smallest: int, more: int) -> None:
    assert 0 <= smallness(total, smallest, smallest + more) <= 1
