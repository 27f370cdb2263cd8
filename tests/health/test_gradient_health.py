from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.health.gradient_health import gradient_health, kernel_scores

from .traces import Kernels, make_epochs, make_trace


def health(*checkpoints: Kernels) -> float | None:
    epochs = make_epochs([0.5] * len(checkpoints), gradients=checkpoints)
    return gradient_health(make_trace(epochs=epochs)).value


def test_kernels_at_one_pace_are_1_whatever_the_pace() -> None:
    """A converged net has small gradients everywhere; that is no illness."""
    assert health({"a": 1e-2, "b": 1e-2}) == 1
    assert health({"a": 1e-6, "b": 1e-6}) == 1


@pytest.mark.parametrize(("behind", "expected"), [(1, 2 / 3), (2, 1 / 3), (3, 0.0), (4, 0.0)])
def test_each_power_of_ten_behind_costs_a_third(behind: int, expected: float) -> None:
    scores = kernel_scores({"fast": 1e-1, "slow": 10.0 ** (-1 - behind)})
    assert scores["fast"] == 1
    assert scores["slow"] == pytest.approx(expected, abs=1e-12)


def test_a_dead_relu_net_is_0() -> None:
    """All gradients 0: every ratio is alike, and the first prototype called it perfect."""
    assert health({"a": 0.0, "b": 0.0, "c": 0.0}) == 0


def test_the_floor() -> None:
    assert kernel_scores({"a": 0.99e-7}) == {"a": 0.0}
    assert kernel_scores({"a": 1e-7}) == {"a": 1.0}


@pytest.mark.parametrize("broken", [None, math.inf, math.nan])
def test_a_kernel_that_is_not_finite_is_0_and_no_yardstick(broken: float | None) -> None:
    assert kernel_scores({"a": broken, "b": 1e-2}) == {"a": 0.0, "b": 1.0}


def test_explosion_is_capped() -> None:
    # alone, so it is the fastest: only the cap acts
    assert kernel_scores({"a": 1.0})["a"] == 1
    assert kernel_scores({"a": 10**0.5})["a"] == pytest.approx(0.5)
    assert kernel_scores({"a": 10.0})["a"] == 0
    assert kernel_scores({"a": 1e6, "b": 1e6}) == {"a": 0.0, "b": 0.0}


def test_falling_behind_and_exploding_multiply() -> None:
    # 2 is log10(5) behind 10, and itself log10(2) above 1
    expected = (1 - math.log10(5) / 3) * (1 - math.log10(2))
    assert kernel_scores({"a": 2.0, "b": 10.0})["a"] == pytest.approx(expected)


def test_vanishing_from_the_output_to_the_input() -> None:
    # half a power of ten per layer, six layers: 0, 1/6, ... 5/6 of 1
    rates = {f"dense_{i}": 10 ** (-1 - i / 2) for i in range(6)}
    assert health(rates) == pytest.approx((1 + 5 / 6 + 4 / 6 + 3 / 6 + 2 / 6 + 1 / 6) / 6)


def test_mean_over_kernels_then_over_checkpoints() -> None:
    result = gradient_health(
        make_trace(epochs=make_epochs([1.0, 0.5], gradients=[{"a": 1e-2, "b": 0.0}, {"a": 1e-2, "b": 1e-3}]))
    )
    assert result.value == pytest.approx((1 / 2 + (1 + 2 / 3) / 2) / 2)
    assert result.components == {"kernel:a": 1.0, "kernel:b": pytest.approx(1 / 3)}
    assert result.n == 4
    assert result.cost_s == pytest.approx(0.2)


def test_epochs_without_a_checkpoint_are_left_out() -> None:
    assert health({}, {"a": 1e-2, "b": 0.0}, {}) == 0.5


def test_without_gradients_it_is_not_measured() -> None:
    result = gradient_health(make_trace(epochs=make_epochs([1.0, 0.5], gradients=[{}, {}])))
    assert (result.value, result.reason) == (None, "no gradients were recorded")


rates = st.dictionaries(st.sampled_from("abcdef"), st.none() | st.floats(0, 1e12), min_size=1)


@given(rates)
def test_scores_are_bounded(relative: dict[str, float | None]) -> None:
    assert all(0 <= score <= 1 for score in kernel_scores(relative).values())


@given(st.lists(st.floats(1e-5, 1e-2), min_size=2, max_size=6), st.floats(1, 50))
def test_only_ratios_matter_between_the_floor_and_the_cap(values: list[float], factor: float) -> None:
    before = kernel_scores({str(i): r for i, r in enumerate(values)})
    after = kernel_scores({str(i): r * factor for i, r in enumerate(values)})
    assert after == pytest.approx(before, abs=1e-9)
