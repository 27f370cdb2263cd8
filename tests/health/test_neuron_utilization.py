from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.health.neuron_utilization import dormant_units, neuron_utilization

from .traces import make_layer, make_trace


def value(*layers: list[float | None]) -> float | None:
    return neuron_utilization(make_trace(layers=tuple(make_layer(f"l{i}", d) for i, d in enumerate(layers)))).value


def test_exactly_a_quarter_dead_is_three_quarters() -> None:
    assert value([1.0, 0.0, 1.0, 1.0], [2.0, 2.0, 0.0, 2.0]) == 0.75


def test_a_constant_activation_other_than_0_is_dead_too() -> None:
    """A dead sigmoid outputs 0.5; its deviation, unlike its mean, is 0, and saturation does not matter."""
    dead_sigmoid = make_layer("dense_1", [0.2, 0.2, 0.2, 0.0], activation="sigmoid", zero_fraction=0.0, saturation=0.1)
    assert neuron_utilization(make_trace(layers=(dead_sigmoid,))).value == 0.75


def test_units_count_alike_whatever_layer_they_are_in() -> None:
    assert value([1.0] * 9 + [0.0], [0.0, 1.0]) == pytest.approx(10 / 12)


def test_threshold_is_relative_to_the_layer_and_included() -> None:
    # mean of [3.9, 0.1] is 2: 0.1 / 2 = 0.05 > 0.025; [3.95, 0.05]: 0.05 / 2 = 0.025, dormant
    assert dormant_units([3.9, 0.1]) == 0
    assert dormant_units([3.95, 0.05]) == 1
    # the same small deviation is alive in a quiet layer
    assert dormant_units([0.05, 0.05]) == 0


def test_a_silent_layer_is_wholly_dormant_although_its_units_are_alike() -> None:
    assert dormant_units([5e-10] * 4) == 4
    assert dormant_units([2e-9] * 4) == 0
    assert value([5e-10] * 4, [1.0] * 4) == 0.5


def test_a_unit_that_is_not_finite_is_dormant_and_does_not_move_the_mean() -> None:
    assert dormant_units([1.0, None, 1.0]) == 1
    assert dormant_units([1.0, float("inf"), 1.0]) == 1
    assert dormant_units([3.95, 0.05, None]) == 2  # 0.05 of a mean of 2; of a mean over three it would live
    assert dormant_units([None, None]) == 2
    assert value([None, None]) == 0


def test_reports_each_layer() -> None:
    result = neuron_utilization(
        make_trace(
            layers=(
                make_layer("conv_1", [1.0, 1.0, 1.0, 0.0], zero_fraction=0.3),
                make_layer("dense_1", [0.0, 1.0], activation="tanh", zero_fraction=0.0, saturation=0.2),
            )
        )
    )
    assert result.components == {
        "dormant": pytest.approx(2 / 6),
        "layer:conv_1": 0.25,
        "zeros:conv_1": 0.3,
        "saturated:conv_1": None,
        "layer:dense_1": 0.5,
        "zeros:dense_1": 0.0,
        "saturated:dense_1": 0.2,
    }
    assert result.n == 6


def test_a_network_without_hidden_layers_is_not_measured() -> None:
    result = neuron_utilization(make_trace(layers=()))
    assert result.value is None
    assert result.reason == "the network has no hidden units that were probed"


@given(st.lists(st.floats(1e-3, 1e3) | st.just(0.0), min_size=1, max_size=30), st.integers(-10, 10))
def test_the_unit_of_the_activations_does_not_matter(deviations: list[float], power: int) -> None:
    scaled = [d * 2.0**power for d in deviations]  # a power of two scales without rounding
    assert dormant_units(scaled) == dormant_units(deviations)


@given(st.lists(st.floats(0.5, 1.5), min_size=1, max_size=20), st.integers(0, 20))
def test_every_dead_unit_is_counted(alive: list[float], dead: int) -> None:
    """Live units within a factor of three of each other stay live however many dead ones join them."""
    assert dormant_units([*alive, *[0.0] * dead]) == dead
